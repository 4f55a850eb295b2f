import {
  to = flagops_unleash_strategy_type.opening_hours
  id = "openingHours"
}
