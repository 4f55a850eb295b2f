# Every segment, those of projects too. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_segment" "all" {
  provider = flagops
  limit    = 10000
}
