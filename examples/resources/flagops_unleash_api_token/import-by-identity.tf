import {
  to = flagops_unleash_api_token.backend
  identity = {
    id = "8c6976e5b5410415"
  }
}
