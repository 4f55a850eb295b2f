data "flagops_flagsmith_user_groups" "all" {
  organisation_id = data.flagops_flagsmith_organisation.this.id
}

data "flagops_flagsmith_organisation" "this" {}

output "groups" {
  value = { for group in data.flagops_flagsmith_user_groups.all.user_groups : group.name => group.id... }
}
