# By name and URL, or by ids, or mixed: organisation/webhook.
terraform import flagops_flagsmith_organisation_webhook.chat Acme/https://hooks.example.com/organisation
terraform import flagops_flagsmith_organisation_webhook.chat 1/7
