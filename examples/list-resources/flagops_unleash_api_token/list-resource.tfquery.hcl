# Every token that is not an administrator's. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_api_token" "all" {
  provider = flagops
  limit    = 10000
}
