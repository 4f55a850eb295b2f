resource "flagops_flagsmith_project" "shop" {
  name               = local.shop.name
  feature_name_regex = "[a-z][a-z0-9_]*"
}

resource "flagops_flagsmith_environment" "this" {
  for_each = local.shop.environments

  project_id          = flagops_flagsmith_project.shop.id
  name                = each.value.name
  description         = try(each.value.description, null)
  banner_text         = try(each.value.banner, null)
  banner_colour       = try(each.value.colour, null)
  hide_disabled_flags = try(each.value.hide_disabled_flags, null)
}

resource "flagops_flagsmith_environment_webhook" "this" {
  for_each = { for key, environment in local.shop.environments : key => environment.webhook if can(environment.webhook) }

  project_id     = flagops_flagsmith_project.shop.id
  environment_id = flagops_flagsmith_environment.this[each.key].id
  url            = each.value
}

resource "flagops_flagsmith_tag" "this" {
  for_each = local.shop.tags

  project_id = flagops_flagsmith_project.shop.id
  label      = each.key
  color      = each.value
}

# Flagsmith has no NOT_IN: such a line goes into a rule that no condition may fulfil.
resource "flagops_flagsmith_segment" "this" {
  for_each = local.segments

  project_id  = flagops_flagsmith_project.shop.id
  name        = each.key
  description = try(each.value.description, null)

  rules = [{
    type = "ALL"
    rules = [for type, conditions in {
      ALL = flatten([for line in each.value.all : [
        [for values in [try(line.in, null)] : { property = line.field, operator = "IN", value = join(",", values) } if values != null],
        [for number in [try(line.at_least, null)] : { property = line.field, operator = "GREATER_THAN_INCLUSIVE", value = number } if number != null],
        [for pattern in [try(line.matches, null)] : { property = line.field, operator = "REGEX", value = pattern } if pattern != null],
      ]])
      NONE = [for line in each.value.all : { property = line.field, operator = "IN", value = join(",", line.not_in) } if can(line.not_in)]
    } : { type = type, conditions = conditions } if length(conditions) > 0]
  }]
}

resource "flagops_flagsmith_feature" "this" {
  for_each = local.features

  project_id         = flagops_flagsmith_project.shop.id
  name               = each.key
  description        = try(each.value.description, null)
  is_archived        = try(each.value.archived, false)
  is_server_key_only = try(each.value.server_only, false)
  tags               = can(each.value.tags) ? [for label in each.value.tags : flagops_flagsmith_tag.this[label].id] : null

  # [blue, orange]: options that are named by what they are. Nobody gets one until an environment gives it a weight.
  multivariate_options = can(each.value.options) ? {
    for value in each.value.options : value => { value = provider::flagops::flagsmith_value(value) }
  } : null
}

# What a line leaves out is null here, that is, left to the people at the dashboard. A flag that is not for everybody is off:
# whoever shall have it gets it by an override.
resource "flagops_flagsmith_feature_state" "this" {
  for_each = local.states

  project_id           = flagops_flagsmith_project.shop.id
  environment_id       = flagops_flagsmith_environment.this[each.value.environment].id
  feature_id           = flagops_flagsmith_feature.this[each.value.feature].id
  enabled              = can(each.value.says.rollout) || can(each.value.says.segments) ? false : try(each.value.says.enabled, null)
  value                = can(each.value.says.value) ? provider::flagops::flagsmith_value(each.value.says.value) : null
  multivariate_weights = try(each.value.says.weights, null)
}

output "flagsmith_project_id" {
  value = flagops_flagsmith_project.shop.id
}

output "flagsmith_client_keys" {
  description = "What the apps of each environment are built with; no secret."
  value       = { for key, environment in flagops_flagsmith_environment.this : key => environment.api_key }
}
