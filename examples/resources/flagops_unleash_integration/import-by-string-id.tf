import {
  to = flagops_unleash_integration.datadog
  id = "What is on"
}
