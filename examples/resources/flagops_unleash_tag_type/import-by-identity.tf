import {
  to = flagops_unleash_tag_type.team
  identity = {
    name = "team"
  }
}
