# Every type of flag. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_feature_type" "all" {
  provider = flagops
  limit    = 10000
}
