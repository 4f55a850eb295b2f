data "flagops_flagsmith_user_group" "devs" {
  name = "devs" # names of groups are not unique: where two match, the error lists their ids
}

# What a feature's `group_owners` lists.
output "devs_id" {
  value = data.flagops_flagsmith_user_group.devs.id
}
