# By project and environment.
terraform import flagops_unleash_project_environment.staging shop/staging
