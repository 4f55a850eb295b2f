output "name" {
  value = var.name
}

output "flagsmith_feature_id" {
  description = "The feature's id on Flagsmith; null where the flag is not there."
  value       = one(flagops_flagsmith_feature.this[*].id)
}
