# On open-source Unleash, "default" is the one there is.
data "flagops_unleash_project" "default" {
  id = "default" # or name
}
