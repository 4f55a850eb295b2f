resource "flagops_unleash_project_environment" "staging" {
  project     = flagops_unleash_project.shop.id # left out: default
  environment = flagops_unleash_environment.staging.name

  # What a flag gets that is switched on there without a strategy. It can be replaced, but never taken back.
  default_strategy = { parameters = { rollout = 100, stickiness = "userId" } }
}

# Projects and environments of your own take Unleash Enterprise; links between what is there do not.
resource "flagops_unleash_project" "shop" {
  name = "Shop"
}

resource "flagops_unleash_environment" "staging" {
  name    = "staging"
  type    = "preproduction"
  enabled = false # or a new project would have it by itself
}
