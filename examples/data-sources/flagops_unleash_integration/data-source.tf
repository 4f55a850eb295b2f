data "flagops_unleash_integration" "datadog" {
  description = "What is on" # or id
}
