data "flagops_flagsmith_organisation_users" "all" {
  organisation_id = data.flagops_flagsmith_organisation.this.id
}

data "flagops_flagsmith_organisation" "this" {}

output "admins" {
  value = [for user in data.flagops_flagsmith_organisation_users.all.organisation_users : user.email if user.role == "ADMIN"]
}
