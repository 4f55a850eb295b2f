import {
  to = flagops_unleash_feature_state.new_checkout
  id = "default/production/new_checkout"
}
