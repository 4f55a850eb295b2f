import {
  to = flagops_flagsmith_feature_state.new_checkout
  identity = {
    project_id     = 1
    environment_id = 2
    feature_id     = 3
  }
}
