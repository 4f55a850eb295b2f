# Every feature of a project, archived ones too. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_flagsmith_feature" "all" {
  provider = flagops
  limit    = 10000

  config {
    project_id = 1
  }
}
