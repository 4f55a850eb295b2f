data "flagops_flagsmith_organisation_webhook" "chat" {
  organisation_id = data.flagops_flagsmith_organisation.this.id
  url             = "https://hooks.example.com/organisation"
}

data "flagops_flagsmith_organisation" "this" {}
