data "flagops_flagsmith_organisation_user" "admin" {
  email = "admin@example.com"
}

# What a feature's `owners` lists.
output "admin_id" {
  value = data.flagops_flagsmith_organisation_user.admin.id
}
