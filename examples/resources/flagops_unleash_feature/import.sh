# By project and name.
terraform import flagops_unleash_feature.new_checkout default/new_checkout
