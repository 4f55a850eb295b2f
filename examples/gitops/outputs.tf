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

output "states" {
  description = "What Git says about each environment's flags; null is left to the dashboard."
  value = {
    for environment in keys(local.shop.environments) : environment => {
      for key, state in flagops_flagsmith_feature_state.this : local.states[key].feature => {
        enabled = state.enabled
        value   = try(coalesce(state.value.string, state.value.integer, state.value.boolean), null)
        weights = state.multivariate_weights
      } if local.states[key].environment == environment
    }
  }
}
