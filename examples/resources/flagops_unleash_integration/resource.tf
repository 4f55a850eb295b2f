resource "flagops_unleash_integration" "datadog" {
  type         = "datadog"
  description  = "What is on"
  events       = ["feature-environment-enabled", "feature-environment-disabled"]
  environments = ["production"]
  parameters   = { sourceTypeName = "unleash" } # what is not secret

  secret_parameters_wo         = { apiKey = var.datadog_key } # kept out of the state; raise the version to send it again
  secret_parameters_wo_version = 1
}

variable "datadog_key" {
  description = "API key of Datadog."
  type        = string
  ephemeral   = true
  default     = "change-me"
}
