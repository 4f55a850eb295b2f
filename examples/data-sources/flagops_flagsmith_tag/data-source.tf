data "flagops_flagsmith_tag" "checkout" {
  project_id = data.flagops_flagsmith_project.shop.id
  label      = "checkout" # labels are not unique: where two match, the error lists their ids
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}
