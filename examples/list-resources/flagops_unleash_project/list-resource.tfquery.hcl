# Every project that is not archived. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_project" "all" {
  provider = flagops
  limit    = 10000
}
