resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_tag" "checkout" {
  project_id = flagops_flagsmith_project.shop.id
  label      = "checkout"
}

resource "flagops_flagsmith_tag" "kill_switch" {
  project_id   = flagops_flagsmith_project.shop.id
  label        = "kill switch"
  color        = "#E11D48"
  description  = "Switches something off in an emergency."
  is_permanent = true # marks what is meant to stay
}
