data "flagops_unleash_segments" "default" {
  project = "default" # those for this project alone; left out: all there are
}

output "segments" {
  value = { for segment in data.flagops_unleash_segments.default.segments : segment.name => segment.id }
}
