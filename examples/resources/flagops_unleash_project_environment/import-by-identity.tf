import {
  to = flagops_unleash_project_environment.staging
  identity = {
    project     = "shop"
    environment = "staging"
  }
}
