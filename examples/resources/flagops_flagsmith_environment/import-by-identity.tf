import {
  to = flagops_flagsmith_environment.production
  identity = {
    project_id = 1
    id         = 2
  }
}
