# By its name.
terraform import flagops_unleash_environment.staging staging
