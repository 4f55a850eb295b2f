import {
  to = flagops_flagsmith_segment.big_spenders
  id = "Shop/big_spenders"
}
