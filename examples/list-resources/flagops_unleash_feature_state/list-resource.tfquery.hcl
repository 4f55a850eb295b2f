# Every flag of a project in one environment. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_feature_state" "all" {
  provider = flagops
  limit    = 10000

  config {
    project     = "default"
    environment = "production"
  }
}
