data "flagops_flagsmith_environment" "production" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "Production"
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

output "production_client_key" {
  value = data.flagops_flagsmith_environment.production.api_key
}
