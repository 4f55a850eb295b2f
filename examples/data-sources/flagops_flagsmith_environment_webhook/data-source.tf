data "flagops_flagsmith_environment_webhook" "chat" {
  project_id     = data.flagops_flagsmith_project.shop.id
  environment_id = data.flagops_flagsmith_environment.production.id
  url            = "https://hooks.example.com/flags"
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

data "flagops_flagsmith_environment" "production" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "Production"
}
