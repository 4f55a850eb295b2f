data "flagops_unleash_tag_type" "simple" {
  name = "simple"
}
