# A value as people write it in YAML or JSON, in the typed form that feature states and options take.
locals {
  values = yamldecode(<<-YAML
    free_shipping_threshold: 50
    welcome_text: Spring sale
    show_stock: true
  YAML
  )
}

output "typed" {
  value = { for name, value in local.values : name => provider::flagops::flagsmith_value(value) }
}
