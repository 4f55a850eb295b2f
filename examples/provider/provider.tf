terraform {
  required_providers {
    flagops = {
      source = "flagops/flagops"
    }
  }
}

variable "flagsmith_key" {
  description = "An organisation's API key. Left out: the environment variable FLAGSMITH_API_KEY."
  type        = string
  sensitive   = true
  default     = null
}

variable "unleash_token" {
  description = "An admin token or a personal access token. Left out: the environment variable UNLEASH_TOKEN."
  type        = string
  sensitive   = true
  default     = null
}

# Either block may be left out: where a server is not used, or where the environment says it all.
provider "flagops" {
  flagsmith = {
    url   = "https://flags.example.com/api/v1"
    token = var.flagsmith_key
  }

  unleash = {
    url   = "https://unleash.example.com"
    token = var.unleash_token
  }
}

# A second server of the same kind is a second configuration: resources choose it by `provider = flagops.staging`.
provider "flagops" {
  alias = "staging"

  flagsmith = {
    url   = "https://flags.staging.example.com/api/v1"
    token = var.flagsmith_key
  }
}
