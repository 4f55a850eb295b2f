import {
  to = flagops_flagsmith_environment_webhook.chat
  identity = {
    project_id     = 1
    environment_id = 2
    id             = 6
  }
}
