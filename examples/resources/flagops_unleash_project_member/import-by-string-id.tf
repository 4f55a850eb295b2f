import {
  to = flagops_unleash_project_member.admin
  id = "shop/admin"
}
