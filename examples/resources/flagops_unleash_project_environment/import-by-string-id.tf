import {
  to = flagops_unleash_project_environment.staging
  id = "shop/staging"
}
