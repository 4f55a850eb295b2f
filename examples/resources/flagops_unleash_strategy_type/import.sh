# By its name.
terraform import flagops_unleash_strategy_type.opening_hours openingHours
