data "flagops_flagsmith_organisation_user" "admin" {
  organisation_id = data.flagops_flagsmith_organisation.this.id
  email           = "admin@example.com"
}

data "flagops_flagsmith_organisation" "this" {}

# What a feature's `owners` lists.
output "admin_id" {
  value = data.flagops_flagsmith_organisation_user.admin.id
}
