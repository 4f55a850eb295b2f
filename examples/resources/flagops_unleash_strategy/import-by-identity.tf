import {
  to = flagops_unleash_strategy.gold
  identity = {
    project     = "default"
    environment = "production"
    feature     = "new_checkout"
    id          = "01JD3Q4W8K7V5N2X9BZ6TCE0RM"
  }
}
