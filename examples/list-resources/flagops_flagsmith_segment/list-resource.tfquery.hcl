# Every segment of a project, feature-specific ones too. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_flagsmith_segment" "all" {
  provider = flagops
  limit    = 10000

  config {
    project_id = 1
  }
}
