# Every tag type, Unleash's own too. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_tag_type" "all" {
  provider = flagops
  limit    = 10000
}
