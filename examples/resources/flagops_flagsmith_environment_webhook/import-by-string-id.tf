import {
  to = flagops_flagsmith_environment_webhook.chat
  id = "Shop/Production/https://hooks.example.com/flags"
}
