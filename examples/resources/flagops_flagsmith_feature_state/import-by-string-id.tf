import {
  to = flagops_flagsmith_feature_state.new_checkout
  id = "Shop/Production/new_checkout"
}
