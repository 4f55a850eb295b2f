import {
  to = flagops_unleash_feature_state.new_checkout
  identity = {
    project     = "default"
    environment = "production"
    feature     = "new_checkout"
  }
}
