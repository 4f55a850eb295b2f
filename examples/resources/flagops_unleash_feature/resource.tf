# Off everywhere: each environment's flagops_unleash_feature_state, or flagops_unleash_strategy, decides.
resource "flagops_unleash_feature" "new_checkout" {
  name = "new_checkout"
}

resource "flagops_unleash_feature" "gift_wrapping" {
  project         = "default" # which is the default
  name            = "gift_wrapping"
  type            = "experiment" # left out: release
  description     = "Paper and a ribbon"
  impression_data = true
  stale           = false

  # Each of these may be left out, and is then left to the dashboard. [] says that there are none.
  tags         = [{ value = "checkout" }, { type = "simple", value = "gifts" }]
  links        = [{ url = "https://tickets.example.com/42", title = "Ticket" }]
  dependencies = [{ feature = flagops_unleash_feature.new_checkout.name, variants = ["one_page"] }]

  on_archived     = "error"  # left out: an archived flag of that name is revived, off everywhere, with a warning
  deletion_policy = "delete" # left out: it goes to the archive
}
