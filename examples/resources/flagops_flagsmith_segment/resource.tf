resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_segment" "big_spenders" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "big_spenders"

  # Every rule of the outer list must hold; this one does when all of its inner rules do, and they when any condition does.
  rules = [{
    type = "ALL"
    rules = [
      { type = "ANY", conditions = [
        { operator = "EQUAL", property = "plan", value = "gold" },
        { operator = "GREATER_THAN_INCLUSIVE", property = "spent", value = "1000" },
      ] },
      { type = "NONE", conditions = [
        { operator = "IN", property = "country", value = "US,CA", description = "Not launched there yet" },
      ] },
    ]
  }]
}

# Only for one feature, with conditions right under the outer rule.
resource "flagops_flagsmith_segment" "first_tenth" {
  project_id  = flagops_flagsmith_project.shop.id
  feature_id  = flagops_flagsmith_feature.new_checkout.id
  name        = "first_tenth"
  description = "10 % of those who have an account."

  rules = [{
    type = "ALL"
    conditions = [
      { operator = "PERCENTAGE_SPLIT", value = "10" },
      { operator = "IS_SET", property = "account_id" },
    ]
  }]
}

resource "flagops_flagsmith_feature" "new_checkout" {
  project_id = flagops_flagsmith_project.shop.id
  name       = "new_checkout"
}
