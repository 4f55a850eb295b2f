data "flagops_unleash_segment" "big_spenders" {
  name = "big_spenders" # or id
}
