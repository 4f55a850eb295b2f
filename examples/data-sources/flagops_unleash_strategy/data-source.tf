data "flagops_unleash_strategy" "gold" {
  environment = "production"
  feature     = "new_checkout"
  title       = "Gold customers of some age" # or id
}
