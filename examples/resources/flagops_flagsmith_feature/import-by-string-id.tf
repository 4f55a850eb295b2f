import {
  to = flagops_flagsmith_feature.new_checkout
  id = "Shop/new_checkout"
}
