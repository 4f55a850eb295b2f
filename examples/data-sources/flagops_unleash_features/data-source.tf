# Every live flag of a project, or those alone that have all of this. It takes one request for each flag of the project.
data "flagops_unleash_features" "stale" {
  project = "default"
  type    = "release"
  stale   = true
  tags    = [{ type = "simple", value = "checkout" }]
}

output "to_be_cleaned_up" {
  value = [for feature in data.flagops_unleash_features.stale.features : feature.name]
}
