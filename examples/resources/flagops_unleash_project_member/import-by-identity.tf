import {
  to = flagops_unleash_project_member.admin
  identity = {
    project = "shop"
    user_id = 1
  }
}
