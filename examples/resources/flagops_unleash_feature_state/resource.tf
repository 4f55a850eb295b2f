# Strategies are in place before the flag is switched on.
resource "flagops_unleash_feature_state" "new_checkout" {
  feature     = flagops_unleash_feature.new_checkout.name
  environment = "production"
  enabled     = true

  # All of them, in this order: one that is not here is deleted.
  strategies = [
    { parameters = { rollout = 25, stickiness = "userId" } }, # a flexibleRollout
    {
      title       = "Gold customers"
      segments    = [flagops_unleash_segment.gold.id]
      constraints = [{ context_name = "country", operator = "NOT_IN", values = ["US", "CA"] }]
      variants = {
        one_page = { payload = { json = jsonencode({ steps = 1 }) }, weight = 12.5 } # exactly 12.5 %
        classic  = {}                                                                # an equal part of the rest
      }
    },
    { name = "remoteAddress", title = "The office", parameters = { IPs = "192.0.2.0/24" } },
  ]
}

# What is left out is not managed: here the strategies come from Git, and the switch stays with the people at the dashboard.
resource "flagops_unleash_feature_state" "gift_wrapping" {
  feature     = flagops_unleash_feature.gift_wrapping.name
  environment = "production"
  strategies  = [{ parameters = { rollout = 50 } }]
}

# And the other way round.
resource "flagops_unleash_feature_state" "gift_wrapping_in_development" {
  feature     = flagops_unleash_feature.gift_wrapping.name
  environment = "development"
  enabled     = false
  on_destroy  = "reset" # switches it off; left out, destroying changes nothing on the server
}

resource "flagops_unleash_feature" "new_checkout" {
  name = "new_checkout"
}

resource "flagops_unleash_feature" "gift_wrapping" {
  name = "gift_wrapping"
}

resource "flagops_unleash_segment" "gold" {
  name        = "gold"
  constraints = [{ context_name = "plan", operator = "IN", values = ["gold"] }]
}
