# Every feature's state in one environment. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_flagsmith_feature_state" "all" {
  provider = flagops
  limit    = 10000

  config {
    project_id     = 1
    environment_id = 2
  }
}
