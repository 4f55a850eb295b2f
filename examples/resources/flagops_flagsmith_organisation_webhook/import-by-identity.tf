import {
  to = flagops_flagsmith_organisation_webhook.chat
  identity = {
    organisation_id = 1
    id              = 7
  }
}
