data "flagops_flagsmith_segment" "big_spenders" {
  project_id = data.flagops_flagsmith_project.shop.id
  name       = "big_spenders" # names of segments are not unique: where two match, the error lists their ids
}

data "flagops_flagsmith_project" "shop" {
  name = "Shop"
}
