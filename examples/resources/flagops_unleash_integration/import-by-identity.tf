import {
  to = flagops_unleash_integration.datadog
  identity = {
    id = 8
  }
}
