# By its id, or by its name.
terraform import flagops_unleash_project.shop shop
terraform import flagops_unleash_project.shop Shop
