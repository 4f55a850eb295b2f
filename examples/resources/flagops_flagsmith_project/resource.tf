resource "flagops_flagsmith_project" "shop" {
  name = "Shop"
}

resource "flagops_flagsmith_project" "warehouse" {
  name                   = "Warehouse"
  feature_name_regex     = "[a-z][a-z0-9_]*" # every feature's whole name must match
  hide_disabled_flags    = true              # SDKs are not told about flags that are off
  prevent_flag_defaults  = true              # flags start off and without a value everywhere
  enforce_feature_owners = false             # true: a feature needs an owner or a group
  deletion_protection    = false             # true: Terraform refuses to destroy it
}
