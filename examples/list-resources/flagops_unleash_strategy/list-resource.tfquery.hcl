# The strategies of one flag in one environment, in the order in which they are evaluated.
list "flagops_unleash_strategy" "all" {
  provider = flagops

  config {
    project     = "default"
    environment = "production"
    feature     = "new_checkout"
  }
}
