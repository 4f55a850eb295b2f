data "flagops_unleash_users" "all" {}

output "administrators" {
  value = [for user in data.flagops_unleash_users.all.users : user.email if user.root_role == "Admin"]
}
