import {
  to = flagops_unleash_webhook.chat
  identity = {
    id = 7
  }
}
