import {
  to = flagops_unleash_feature.new_checkout
  id = "default/new_checkout"
}
