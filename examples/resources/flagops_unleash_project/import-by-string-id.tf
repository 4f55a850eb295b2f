import {
  to = flagops_unleash_project.shop
  id = "shop"
}
