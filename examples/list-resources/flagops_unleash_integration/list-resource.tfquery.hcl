# Every integration that is not a webhook. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_integration" "all" {
  provider = flagops
  limit    = 10000
}
