terraform {
  required_version = ">= 1.8" # provider functions

  required_providers {
    flagops = {
      source = "flagops/flagops"
    }
  }
}

# The server comes from the environment: FLAGSMITH_API_URL and FLAGSMITH_API_KEY.

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
}

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

resource "flagops_flagsmith_segment" "this" {
  for_each = local.segments

  project_id  = flagops_flagsmith_project.shop.id
  name        = each.key
  description = try(each.value.description, null)
  feature_id  = can(each.value.feature) ? flagops_flagsmith_feature.this[each.value.feature].id : null
  rules       = each.value.rules
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

# What a line leaves out is null here, that is, left to the people at the dashboard.
resource "flagops_flagsmith_feature_state" "this" {
  for_each = local.states

  project_id           = flagops_flagsmith_project.shop.id
  environment_id       = flagops_flagsmith_environment.this[each.value.environment].id
  feature_id           = flagops_flagsmith_feature.this[each.value.feature].id
  enabled              = try(each.value.says.enabled, null)
  value                = can(each.value.says.value) ? provider::flagops::flagsmith_value(each.value.says.value) : null
  multivariate_weights = try(each.value.says.weights, null)

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(each.value.says), ["enabled", "value", "weights"])) == 0
      error_message = "flags/${each.value.environment}.yaml: ${each.value.feature} may say enabled, value and weights."
    }
  }
}
