terraform {
  required_version = ">= 1.11"

  required_providers {
    flagops = {
      source = "flagops/flagops"
    }
  }
}

resource "flagops_flagsmith_feature" "this" {
  count = var.flagsmith == null ? 0 : 1

  project_id  = var.flagsmith.project_id
  name        = var.name
  description = var.description
}

resource "flagops_flagsmith_feature_state" "this" {
  for_each = { for name, environment in var.environments : name => environment if var.flagsmith != null }

  project_id     = var.flagsmith.project_id
  environment_id = var.flagsmith.environments[each.key]
  feature_id     = flagops_flagsmith_feature.this[0].id
  enabled        = each.value.enabled
  value          = each.value.value
}

resource "flagops_unleash_feature" "this" {
  count = var.unleash == null ? 0 : 1

  project     = var.unleash.project
  name        = var.name
  description = var.description
}

# Unleash gives values with variants: everybody who gets the flag gets the one that there is.
resource "flagops_unleash_feature_state" "this" {
  for_each = { for name, environment in var.environments : name => environment if var.unleash != null }

  project     = var.unleash.project
  environment = each.key
  feature     = flagops_unleash_feature.this[0].name
  enabled     = each.value.enabled

  strategies = each.value.rollout == null && each.value.value == null ? null : [{
    parameters = { rollout = coalesce(each.value.rollout, 100) }
    variants = { for value in each.value.value[*] : "value" => {
      payload = {
        number = value.integer == null ? null : tostring(value.integer)
        string = value.boolean == null ? value.string : tostring(value.boolean)
      }
    } }
  }]
}
