import {
  to = flagops_flagsmith_tag.checkout
  identity = {
    project_id = 1
    id         = 5
  }
}
