# The only organisation that the API key sees.
data "flagops_flagsmith_organisation" "this" {}

# One of several.
data "flagops_flagsmith_organisation" "acme" {
  name = "Acme"
}
