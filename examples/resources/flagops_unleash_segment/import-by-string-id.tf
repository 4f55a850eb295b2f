import {
  to = flagops_unleash_segment.big_spenders
  id = "big_spenders"
}
