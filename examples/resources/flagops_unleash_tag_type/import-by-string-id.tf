import {
  to = flagops_unleash_tag_type.team
  id = "team"
}
