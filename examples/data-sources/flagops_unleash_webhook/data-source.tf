data "flagops_unleash_webhook" "chat" {
  description = "Chat" # or id
}
