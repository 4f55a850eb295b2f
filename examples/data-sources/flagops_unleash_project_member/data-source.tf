data "flagops_unleash_project_member" "ada" {
  project = "shop" # left out: default
  user_id = data.flagops_unleash_user.ada.id
}

data "flagops_unleash_user" "ada" {
  email = "ada@example.com"
}
