import {
  to = flagops_flagsmith_organisation_webhook.chat
  id = "Acme/https://hooks.example.com/organisation"
}
