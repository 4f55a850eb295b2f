resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_environment" "production" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "Production"
}

resource "flagops_flagsmith_environment" "staging" {
  project_id          = flagops_flagsmith_project.shop.id
  name                = "Staging"
  description         = "What is released next."
  banner_text         = "This is staging"
  banner_colour       = "#3D4DB6"
  hide_disabled_flags = false # overrules the project; left out, the project decides
  hide_sensitive_data = true
  allow_client_traits = false # only server-side SDKs may set traits
  deletion_protection = false # true: Terraform refuses to destroy it
}

# What the apps that run in production are built with.
output "production_client_key" {
  value = flagops_flagsmith_environment.production.api_key
}
