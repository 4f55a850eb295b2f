locals {
  unleash_environments = { for key, environment in local.shop.environments : key => environment.unleash if can(environment.unleash) }
  unleash_features     = { for name, feature in local.features : name => feature if !try(feature.archived, false) }
  unleash_states = {
    for key, state in local.states : key => state
    if can(local.unleash_environments[state.environment]) && can(local.unleash_features[state.feature])
  }

  # What those who get a flag get with it: its value, or an option that has a weight. A variant's payload is a text or a number.
  unleash_variants = {
    for key, state in local.unleash_states : key => {
      for variant in concat(
        [{ name = "value", is = state.says.value, weight = null }], # without a weight: what the options leave
        [for option in try(local.features[state.feature].options, []) : { name = option, is = option, weight = state.says.weights[option] } if can(state.says.weights[option])],
        ) : variant.name => {
        weight = variant.weight
        payload = {
          number = can(regex("^-?[0-9]", jsonencode(variant.is))) ? tostring(variant.is) : null
          string = can(regex("^-?[0-9]", jsonencode(variant.is))) ? null : tostring(variant.is)
        }
      }
    } if can(state.says.value)
  }
}

# Labels are tags of one type. Unleash gives colours to types, not to tags.
resource "flagops_unleash_tag_type" "label" {
  name        = "label"
  description = "Labels of the shop's flags"
}

resource "flagops_unleash_context_field" "this" {
  for_each = local.shop.fields

  name         = each.key
  description  = try(each.value.description, null)
  legal_values = [for value in try(each.value.values, []) : { value = value }]
}

resource "flagops_unleash_segment" "this" {
  for_each = local.segments

  name        = each.key
  description = try(each.value.description, null)

  constraints = [for line in each.value.all : {
    context_name = flagops_unleash_context_field.this[line.field].name
    operator     = can(line.in) ? "IN" : can(line.not_in) ? "NOT_IN" : can(line.at_least) ? "NUM_GTE" : "REGEX"
    values       = try(line.in, line.not_in, null)
    value        = try(tostring(line.at_least), line.matches, null)
  }]

  lifecycle {
    create_before_destroy = true # a flag lets go of a segment before that is deleted
  }
}

resource "flagops_unleash_feature" "this" {
  for_each = local.unleash_features

  name        = each.key
  type        = try(each.value.type, can(each.value.options) ? "experiment" : "release")
  description = try(each.value.description, null)
  tags        = can(each.value.tags) ? [for label in each.value.tags : { type = flagops_unleash_tag_type.label.name, value = label }] : null

  depends_on = [flagops_unleash_segment.this] # `terraform destroy`: flags go before the segments that they use
}

# What a line leaves out is null here, that is, left to the people at the dashboard: strategies, too, unless it says a value
# or who gets the flag.
resource "flagops_unleash_feature_state" "this" {
  for_each = local.unleash_states

  environment = local.unleash_environments[each.value.environment]
  feature     = flagops_unleash_feature.this[each.value.feature].name
  enabled     = try(each.value.says.enabled, null)

  strategies = anytrue([for word in ["value", "rollout", "segments"] : can(each.value.says[word])]) ? [
    for segment in try(each.value.says.segments, [null]) : {
      parameters = { rollout = try(each.value.says.rollout, 100) }
      segments   = segment == null ? [] : [flagops_unleash_segment.this[segment].id]
      variants   = try(local.unleash_variants[each.key], {})
    }
  ] : null
}
