# By names and URL, or by ids, or mixed: project/environment/webhook.
terraform import flagops_flagsmith_environment_webhook.chat Shop/Production/https://hooks.example.com/flags
terraform import flagops_flagsmith_environment_webhook.chat 1/2/6
