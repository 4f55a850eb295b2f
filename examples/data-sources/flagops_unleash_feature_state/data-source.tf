data "flagops_unleash_feature_state" "new_checkout" {
  environment = "production"
  feature     = "new_checkout"
}

output "new_checkout_is_live" {
  value = data.flagops_unleash_feature_state.new_checkout.enabled
}
