# Takes Unleash Enterprise.
resource "flagops_unleash_project" "shop" {
  name                     = "Shop" # id, left out, becomes "shop"
  description              = "Everything customers see"
  mode                     = "protected"
  default_stickiness       = "userId"
  feature_name_regex       = "[a-z][a-z0-9_]*"
  feature_name_example     = "new_checkout"
  feature_name_description = "Small letters, digits and underscores"

  deletion_policy     = "archive" # or delete
  deletion_protection = false
}
