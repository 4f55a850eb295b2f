terraform {
  required_version = ">= 1.11"

  required_providers {
    flagops = {
      source = "flagops/flagops"
    }
  }
}

# The servers come from the environment: FLAGSMITH_API_URL and FLAGSMITH_API_KEY, UNLEASH_URL and UNLEASH_TOKEN.
# flagsmith.tf and unleash.tf do not know each other: a shop with one server deletes the other's file.

locals {
  shop     = yamldecode(file("${path.module}/shop.yaml"))
  segments = yamldecode(file("${path.module}/segments.yaml"))
  features = yamldecode(file("${path.module}/flags/features.yaml"))

  # "production/new_checkout" => { environment = "production", feature = "new_checkout", says = { enabled = false } }
  states = merge([
    for environment in keys(local.shop.environments) : {
      for feature, says in yamldecode(file("${path.module}/flags/${environment}.yaml")) :
      "${environment}/${feature}" => { environment = environment, feature = feature, says = says }
    }
  ]...)

  may_say = ["enabled", "value", "weights", "rollout", "segments"]
  mistakes = flatten([
    for state in local.states : [
      for problem in [
        length(setsubtract(keys(state.says), local.may_say)) > 0 ? "may say ${join(", ", local.may_say)}" : "",
        can(state.says.weights) && !can(state.says.value) ? "has weights, but no value for everybody else" : "",
      ] : "flags/${state.environment}.yaml: ${state.feature} ${problem}." if problem != ""
    ]
  ])
}

output "flags" {
  description = "Names of all flags."
  value       = keys(local.features)

  precondition {
    condition     = length(local.mistakes) == 0
    error_message = join("\n", local.mistakes)
  }
}
