# Every environment of the server. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_unleash_environment" "all" {
  provider = flagops
  limit    = 10000
}
