import {
  to = flagops_unleash_environment.staging
  identity = {
    name = "staging"
  }
}
