import {
  to = flagops_unleash_webhook.chat
  id = "Chat"
}
