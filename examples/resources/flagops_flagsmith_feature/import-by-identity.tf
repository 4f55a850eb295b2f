import {
  to = flagops_flagsmith_feature.new_checkout
  identity = {
    project_id = 1
    id         = 3
  }
}
