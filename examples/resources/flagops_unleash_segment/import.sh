# By its number, or by its name.
terraform import flagops_unleash_segment.big_spenders 7
terraform import flagops_unleash_segment.big_spenders big_spenders
