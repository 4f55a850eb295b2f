# In the only organisation that the API key sees.
resource "flagops_flagsmith_organisation_webhook" "chat" {
  url = "https://hooks.example.com/organisation"
}

# With a secret that never enters the state: raise the version to send it again.
resource "flagops_flagsmith_organisation_webhook" "audit" {
  organisation_id   = data.flagops_flagsmith_organisation.this.id
  url               = "https://audit.example.com/organisation"
  enabled           = false
  secret_wo         = var.webhook_secret
  secret_wo_version = 1
}

data "flagops_flagsmith_organisation" "this" {}

variable "webhook_secret" {
  description = "Signs the calls, so that the receiver can tell them from anybody else's."
  type        = string
  ephemeral   = true
  default     = "change me"
}
