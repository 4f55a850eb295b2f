variable "name" {
  description = "The flag's name, as code asks for it."
  type        = string
}

variable "description" {
  type    = string
  default = null
}

variable "flagsmith" {
  description = "Where the flag is on Flagsmith: the project's id, and the ids of environments by what `environments` calls them. Null: not there."
  type = object({
    project_id   = number
    environments = map(number)
  })
  default = null

  validation {
    condition     = var.flagsmith != null || var.unleash != null
    error_message = "Say where the flag shall be: give flagsmith, unleash, or both."
  }
}

variable "unleash" {
  description = "Where the flag is on Unleash, whose environments are called as in `environments`. Null: not there."
  type = object({
    project = optional(string, "default")
  })
  default = null
}

variable "environments" {
  description = "What the flag is in each environment, by name. What is left out is the dashboard's."
  type = map(object({
    enabled = optional(bool)
    rollout = optional(number) # per cent of users that get it; Unleash alone
    value = optional(object({
      string  = optional(string)
      integer = optional(number)
      boolean = optional(bool)
    }))
  }))
  default = {}

  validation {
    condition     = var.flagsmith == null || length(setsubtract(keys(var.environments), keys(try(var.flagsmith.environments, {})))) == 0
    error_message = "flagsmith.environments must have the id of every environment that environments names."
  }

  validation {
    condition = alltrue([for environment in var.environments : environment.value == null || 1 == length([
      for value in try([environment.value.string, environment.value.integer, environment.value.boolean], []) : value if value != null
    ])])
    error_message = "A value has one of string, integer and boolean."
  }

  validation {
    condition     = var.flagsmith == null || alltrue([for environment in var.environments : environment.rollout == null])
    error_message = "A rollout is for Unleash alone: on Flagsmith it would take segment overrides, which this module does not make."
  }
}
