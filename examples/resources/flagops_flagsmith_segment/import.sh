# By names, or by ids, or mixed: project/segment. Where two segments share a name, the error lists their ids.
terraform import flagops_flagsmith_segment.big_spenders Shop/big_spenders
terraform import flagops_flagsmith_segment.big_spenders 1/4
