resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

# On or off: each environment's flagops_flagsmith_feature_state decides.
resource "flagops_flagsmith_feature" "new_checkout" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "new_checkout"
}

# With a value. It starts in every environment as this; from then on, feature states say what it is.
resource "flagops_flagsmith_feature" "free_shipping_threshold" {
  project_id      = flagops_flagsmith_project.shop.id
  name            = "free_shipping_threshold"
  description     = "Orders from this amount on ship for free."
  initial_value   = "50"
  default_enabled = true
  tags            = [flagops_flagsmith_tag.checkout.id]
}

# Multivariate: states say how much of the traffic each option gets, and refer to it by its name here.
resource "flagops_flagsmith_feature" "checkout_button" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "checkout_button"

  multivariate_options = {
    blue   = { value = { string = "blue" } }
    orange = { value = { string = "orange" } }
  }
}

resource "flagops_flagsmith_feature" "recommendations" {
  project_id         = flagops_flagsmith_project.shop.id
  name               = "recommendations"
  is_server_key_only = true # client-side SDKs never see it

  # A name that is not the value's own text becomes the option's key on the server.
  multivariate_options = {
    few  = { value = { integer = 3 }, default_percentage_allocation = 20 }
    many = { value = { integer = 12 }, default_percentage_allocation = 12.5 }
  }
}

resource "flagops_flagsmith_tag" "checkout" {
  project_id = flagops_flagsmith_project.shop.id
  label      = "checkout"
}
