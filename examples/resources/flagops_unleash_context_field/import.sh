# By its name, Unleash's own fields included.
terraform import flagops_unleash_context_field.plan plan
