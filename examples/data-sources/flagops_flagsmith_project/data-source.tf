data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

# By id, where two organisations have a project of that name.
data "flagops_flagsmith_project" "same" {
  id = data.flagops_flagsmith_project.shop.id
}
