data "flagops_unleash_environment" "production" {
  name = "production"
}
