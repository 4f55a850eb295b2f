import {
  to = flagops_flagsmith_tag.checkout
  id = "Shop/checkout"
}
