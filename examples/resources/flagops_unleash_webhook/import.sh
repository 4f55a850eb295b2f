# By its number, or by its description.
terraform import flagops_unleash_webhook.chat 7
terraform import flagops_unleash_webhook.chat Chat
