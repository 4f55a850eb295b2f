data "flagops_unleash_strategy_type" "rollout" {
  name = "flexibleRollout"
}

output "parameters" {
  value = data.flagops_unleash_strategy_type.rollout.parameters[*].name
}
