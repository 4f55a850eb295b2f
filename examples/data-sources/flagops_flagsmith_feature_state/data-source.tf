data "flagops_flagsmith_feature_state" "new_checkout" {
  project_id     = data.flagops_flagsmith_project.shop.id
  environment_id = data.flagops_flagsmith_environment.production.id
  feature_id     = data.flagops_flagsmith_feature.new_checkout.id
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

data "flagops_flagsmith_environment" "production" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "Production"
}

data "flagops_flagsmith_feature" "new_checkout" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "new_checkout"
}

output "new_checkout_is_live" {
  value = data.flagops_flagsmith_feature_state.new_checkout.enabled
}
