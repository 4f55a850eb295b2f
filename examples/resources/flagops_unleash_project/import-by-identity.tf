import {
  to = flagops_unleash_project.shop
  identity = {
    id = "shop"
  }
}
