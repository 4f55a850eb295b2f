resource "flagops_unleash_feature_type" "release" {
  id            = "release"
  lifetime_days = 30
}

resource "flagops_unleash_feature_type" "sunset" {
  id            = "sunset"
  lifetime_days = 0 # never potentially stale
}
