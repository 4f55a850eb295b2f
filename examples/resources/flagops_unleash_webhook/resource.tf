resource "flagops_unleash_webhook" "chat" {
  url         = "https://hooks.example.com/flags"
  description = "Chat"
  events      = ["feature-created", "feature-archived", "feature-environment-enabled", "feature-environment-disabled"]
}

# With secrets that never enter the state: raise the version to send them again.
resource "flagops_unleash_webhook" "audit" {
  description   = "Audit"
  events        = ["feature-environment-enabled", "feature-environment-disabled"]
  environments  = ["production"]
  projects      = ["default"]
  enabled       = false
  content_type  = "application/json"
  body_template = jsonencode({ what = "{{event.type}}", who = "{{event.createdBy}}" })

  url_wo         = "https://hooks.example.com/${var.webhook_secret}"
  url_wo_version = 1

  authorization_wo         = "Bearer ${var.webhook_secret}"
  authorization_wo_version = 1

  custom_headers_wo         = { "X-Key" = var.webhook_secret }
  custom_headers_wo_version = 1
}

variable "webhook_secret" {
  description = "What the receiver knows us by."
  type        = string
  ephemeral   = true
  default     = "change-me"
}
