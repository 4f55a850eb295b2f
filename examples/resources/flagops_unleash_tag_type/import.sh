# By its name.
terraform import flagops_unleash_tag_type.team team
