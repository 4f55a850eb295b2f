data "flagops_flagsmith_user_groups" "all" {}

output "groups" {
  value = { for group in data.flagops_flagsmith_user_groups.all.user_groups : group.name => group.id... }
}
