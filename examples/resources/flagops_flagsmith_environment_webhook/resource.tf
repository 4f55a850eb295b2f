resource "flagops_flagsmith_environment_webhook" "chat" {
  project_id     = flagops_flagsmith_project.shop.id
  environment_id = flagops_flagsmith_environment.production.id
  url            = "https://hooks.example.com/flags"
}

# With a secret that never enters the state: raise the version to send it again.
resource "flagops_flagsmith_environment_webhook" "audit" {
  project_id        = flagops_flagsmith_project.shop.id
  environment_id    = flagops_flagsmith_environment.production.id
  url               = "https://audit.example.com/flags"
  enabled           = false
  secret_wo         = var.webhook_secret
  secret_wo_version = 1
}

variable "webhook_secret" {
  description = "Signs the calls, so that the receiver can tell them from anybody else's."
  type        = string
  ephemeral   = true
  default     = "change me"
}

resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_environment" "production" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "Production"
}
