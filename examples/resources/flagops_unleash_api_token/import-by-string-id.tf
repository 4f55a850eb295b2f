import {
  to = flagops_unleash_api_token.backend
  id = "backend"
}
