# Every webhook of the only organisation that the API key sees. The limit counts: without it, Terraform stops at 100 and says nothing.
list "flagops_flagsmith_organisation_webhook" "all" {
  provider = flagops
  limit    = 10000
}
