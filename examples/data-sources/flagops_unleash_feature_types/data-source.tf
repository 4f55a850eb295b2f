data "flagops_unleash_feature_types" "all" {}

output "lifetimes" {
  value = { for type in data.flagops_unleash_feature_types.all.feature_types : type.id => type.lifetime_days }
}
