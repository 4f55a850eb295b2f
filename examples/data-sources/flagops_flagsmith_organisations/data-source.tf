data "flagops_flagsmith_organisations" "all" {}

output "organisations" {
  value = { for organisation in data.flagops_flagsmith_organisations.all.organisations : organisation.name => organisation.id }
}
