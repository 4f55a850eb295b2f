# Of the only organisation that the API key sees; a user's token that sees several needs organisation_id.
data "flagops_flagsmith_organisation_users" "all" {}

output "admins" {
  value = [for user in data.flagops_flagsmith_organisation_users.all.organisation_users : user.email if user.role == "ADMIN"]
}
