# Exists on every edition.
data "flagops_unleash_project_overview" "default" {
  project = "default"
}

output "flags" {
  value = data.flagops_unleash_project_overview.default.features
}
