# By names, or by ids, or mixed: project/environment.
terraform import flagops_flagsmith_environment.production Shop/Production
terraform import flagops_flagsmith_environment.production 1/2

# Where the project's name has a slash in it, or a name is all digits: a JSON array of names (strings) and ids (numbers).
terraform import flagops_flagsmith_environment.production '["Shop/EU", "Production"]'
