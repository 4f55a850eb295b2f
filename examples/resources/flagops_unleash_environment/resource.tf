# Takes Unleash Enterprise.
resource "flagops_unleash_environment" "staging" {
  name               = "staging"
  type               = "preproduction"
  sort_order         = 20
  enabled            = true
  required_approvals = 1

  deletion_protection = false
}
