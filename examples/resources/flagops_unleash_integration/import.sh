# By its number, or by its description.
terraform import flagops_unleash_integration.datadog 8
terraform import flagops_unleash_integration.datadog 'What is on'
