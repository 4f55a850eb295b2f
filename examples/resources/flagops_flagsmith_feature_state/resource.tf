resource "flagops_flagsmith_feature_state" "new_checkout" {
  project_id     = flagops_flagsmith_project.shop.id
  environment_id = flagops_flagsmith_environment.production.id
  feature_id     = flagops_flagsmith_feature.new_checkout.id
  enabled        = true
}

# What is left out is not managed: here the value comes from Git, and the switch stays with the people at the dashboard.
resource "flagops_flagsmith_feature_state" "free_shipping_threshold" {
  project_id     = flagops_flagsmith_project.shop.id
  environment_id = flagops_flagsmith_environment.production.id
  feature_id     = flagops_flagsmith_feature.free_shipping_threshold.id
  value          = { integer = 50 }
}

# 30 % see a blue button and 12.5 % an orange one; the rest see the state's own value.
resource "flagops_flagsmith_feature_state" "checkout_button" {
  project_id           = flagops_flagsmith_project.shop.id
  environment_id       = flagops_flagsmith_environment.production.id
  feature_id           = flagops_flagsmith_feature.checkout_button.id
  enabled              = true
  value                = { string = "green" }
  multivariate_weights = { blue = 30, orange = 12.5 }
  on_destroy           = "reset" # back to what the feature starts with; left out, destroying changes nothing on the server
}

resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_environment" "production" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "Production"
}

resource "flagops_flagsmith_feature" "new_checkout" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "new_checkout"
}

resource "flagops_flagsmith_feature" "free_shipping_threshold" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "free_shipping_threshold"
}

resource "flagops_flagsmith_feature" "checkout_button" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "checkout_button"

  multivariate_options = {
    blue   = { value = { string = "blue" } }
    orange = { value = { string = "orange" } }
  }
}
