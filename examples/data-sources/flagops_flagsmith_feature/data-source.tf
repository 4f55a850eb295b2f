data "flagops_flagsmith_feature" "checkout_button" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "checkout_button"
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

# The names that weights go by.
output "buttons" {
  value = keys(data.flagops_flagsmith_feature.checkout_button.multivariate_options)
}
