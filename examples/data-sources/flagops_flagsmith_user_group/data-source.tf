data "flagops_flagsmith_user_group" "devs" {
  organisation_id = data.flagops_flagsmith_organisation.this.id
  name            = "devs" # names of groups are not unique: where two match, the error lists their ids
}

data "flagops_flagsmith_organisation" "this" {}

# What a feature's `group_owners` lists.
output "devs_id" {
  value = data.flagops_flagsmith_user_group.devs.id
}
