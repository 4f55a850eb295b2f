# By names, or by ids, or mixed: project/environment/feature.
terraform import flagops_flagsmith_feature_state.new_checkout Shop/Production/new_checkout
terraform import flagops_flagsmith_feature_state.new_checkout 1/2/3
