data "flagops_unleash_user" "ada" {
  email = "ada@example.com" # or username, or id
}
