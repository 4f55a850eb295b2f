resource "flagops_unleash_strategy_type" "opening_hours" {
  name        = "openingHours"
  title       = "Opening hours"
  description = "On while the shop is open"
  parameters = [ # in the order of the dashboard's form
    { name = "timezone", type = "string", description = "Such as Europe/Berlin", required = true },
    { name = "weekdays", type = "list" },
  ]
}

resource "flagops_unleash_strategy_type" "by_ip" {
  name       = "byIP"
  parameters = []
  deprecated = true # strategies that have it stay, new ones are not offered
}
