# By its id.
terraform import flagops_unleash_feature_type.release release
