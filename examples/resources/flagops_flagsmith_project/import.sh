# By name, or by id.
terraform import flagops_flagsmith_project.shop Shop
terraform import flagops_flagsmith_project.shop 1

# A name of digits only goes into a JSON array, where a number is an id and a string a name.
terraform import flagops_flagsmith_project.shop '["2024"]'
