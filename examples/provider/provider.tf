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

provider "flagops" {
  flagsmith = {
    url   = "https://flags.example.com/api/v1"
    token = var.flagsmith_key
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
