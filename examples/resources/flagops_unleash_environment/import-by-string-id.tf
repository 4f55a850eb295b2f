import {
  to = flagops_unleash_environment.staging
  id = "staging"
}
