import {
  to = flagops_unleash_segment.big_spenders
  identity = {
    id = 7
  }
}
