import {
  to = flagops_flagsmith_project.shop
  identity = {
    id = 1
  }
}
