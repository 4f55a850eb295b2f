# By names, or by ids, or mixed: project/feature. A feature's name may have slashes in it.
terraform import flagops_flagsmith_feature.new_checkout Shop/new_checkout
terraform import flagops_flagsmith_feature.new_checkout 1/3
