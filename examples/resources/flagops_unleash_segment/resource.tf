resource "flagops_unleash_context_field" "plan" {
  name         = "plan"
  legal_values = [{ value = "gold" }, { value = "silver" }]
}

resource "flagops_unleash_segment" "big_spenders" {
  name        = "big_spenders"
  description = "Who has paid for it, or is about to"
  constraints = [
    { context_name = flagops_unleash_context_field.plan.name, operator = "IN", values = ["gold"] },
    { context_name = "appVersion", operator = "SEMVER_GT", value = "2.0.0" },
    { context_name = "country", operator = "STR_STARTS_WITH", values = ["x-"], case_insensitive = true, inverted = true },
  ]
}

resource "flagops_unleash_segment" "everybody" {
  name        = "everybody"
  project     = "default" # left out: for every project
  constraints = []
}
