import {
  to = flagops_unleash_feature.new_checkout
  identity = {
    project = "default"
    name    = "new_checkout"
  }
}
