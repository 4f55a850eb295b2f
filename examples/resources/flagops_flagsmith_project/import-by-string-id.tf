import {
  to = flagops_flagsmith_project.shop
  id = "Shop"
}
