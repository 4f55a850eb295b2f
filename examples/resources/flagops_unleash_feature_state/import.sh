# By project, environment and flag.
terraform import flagops_unleash_feature_state.new_checkout default/production/new_checkout
