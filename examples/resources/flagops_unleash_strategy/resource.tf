# One strategy. Others, and what is left out of this one, are left to the dashboard.
resource "flagops_unleash_strategy" "quarter" {
  feature     = flagops_unleash_feature.new_checkout.name
  environment = "production"
  parameters  = { rollout = 25 }
}

# Everything, and before the others.
resource "flagops_unleash_strategy" "gold" {
  project     = "default"         # which is the default
  name        = "flexibleRollout" # too
  feature     = flagops_unleash_feature.new_checkout.name
  environment = "production"
  title       = "Gold customers of some age"
  disabled    = false
  sort_order  = -1 # left out: after what is there
  parameters  = { rollout = 100, stickiness = "userId" }
  segments    = [flagops_unleash_segment.gold.id]

  constraints = [
    { context_name = "country", operator = "NOT_IN", values = ["US", "CA"] },
    { context_name = "age", operator = "NUM_LT", value = "18", inverted = true },
  ]
  variants = {
    one_page = { weight = 12.5, payload = { json = jsonencode({ steps = 1 }) } }
    classic  = { stickiness = "random" }
  }
}

# Without depends_on, the flag may be on for everybody for a moment before its strategies are there.
resource "flagops_unleash_feature_state" "new_checkout" {
  feature     = flagops_unleash_feature.new_checkout.name
  environment = "production"
  enabled     = true
  depends_on  = [flagops_unleash_strategy.quarter, flagops_unleash_strategy.gold]
}

resource "flagops_unleash_feature" "new_checkout" {
  name = "new_checkout"
}

resource "flagops_unleash_segment" "gold" {
  name        = "gold"
  constraints = [{ context_name = "plan", operator = "IN", values = ["gold"] }]
}
