# Takes Unleash Enterprise.
resource "flagops_unleash_project_member" "admin" {
  project = flagops_unleash_project.shop.id # left out: default
  user_id = data.flagops_unleash_user.admin.id
  role    = "Member" # or Owner, Reader, or one of your own
}

resource "flagops_unleash_project" "shop" {
  name = "Shop"
}

data "flagops_unleash_user" "admin" {
  username = "admin" # or email, or id
}
