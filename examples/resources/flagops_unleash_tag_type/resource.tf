resource "flagops_unleash_tag_type" "team" {
  name        = "team"
  description = "Who to ask"
  icon        = "T"
  color       = "#6837FC"
}
