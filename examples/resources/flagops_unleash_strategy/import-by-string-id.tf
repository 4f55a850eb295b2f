import {
  to = flagops_unleash_strategy.gold
  id = "default/production/new_checkout/Gold customers of some age"
}
