# By names, or by ids, or mixed: project/tag.
terraform import flagops_flagsmith_tag.checkout Shop/checkout
terraform import flagops_flagsmith_tag.checkout 1/5
