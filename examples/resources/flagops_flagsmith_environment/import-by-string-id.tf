import {
  to = flagops_flagsmith_environment.production
  id = "Shop/Production"
}
