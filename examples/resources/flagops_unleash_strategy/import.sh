# By project, environment and flag, then the strategy's id, or its title if no other one there has it.
terraform import flagops_unleash_strategy.gold default/production/new_checkout/01JD3Q4W8K7V5N2X9BZ6TCE0RM
terraform import flagops_unleash_strategy.gold 'default/production/new_checkout/Gold customers of some age'
