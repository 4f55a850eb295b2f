# Every webhook; for other integrations there is flagops_unleash_integration. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_webhook" "all" {
  provider = flagops
  limit    = 10000
}
