# Every user with a role in a project. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_project_member" "all" {
  provider = flagops
  limit    = 10000

  config {
    project = "shop" # left out: default
  }
}
