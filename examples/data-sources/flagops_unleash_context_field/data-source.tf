data "flagops_unleash_context_field" "app_name" {
  name = "appName"
}
