output "project_id" {
  value = flagops_flagsmith_project.shop.id
}

output "client_keys" {
  description = "What the apps of each environment are built with; no secret."
  value       = { for key, environment in flagops_flagsmith_environment.this : key => environment.api_key }
}

output "features" {
  description = "Every flag's id, by name."
  value       = { for name, feature in flagops_flagsmith_feature.this : name => feature.id }
}
