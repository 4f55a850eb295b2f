resource "flagops_unleash_context_field" "plan" {
  name        = "plan"
  description = "What the customer pays for"
  stickiness  = true
  sort_order  = 10 # at creation
  legal_values = [
    { value = "gold" },
    { value = "silver", description = "Until 2027" },
  ]
}

resource "flagops_unleash_context_field" "country" {
  name    = "country"
  project = "default" # left out: for every project
}
