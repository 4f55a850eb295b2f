import {
  to = flagops_flagsmith_segment.big_spenders
  identity = {
    project_id = 1
    id         = 4
  }
}
