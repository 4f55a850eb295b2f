data "flagops_unleash_feature" "new_checkout" {
  project = "default" # which is the default
  name    = "new_checkout"
}
