data "flagops_unleash_project_environment" "production" {
  project     = "shop" # left out: default
  environment = "production"
}
