data "flagops_flagsmith_organisation_webhook" "chat" {
  url = "https://hooks.example.com/organisation"
}
