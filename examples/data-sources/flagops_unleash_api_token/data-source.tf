data "flagops_unleash_api_token" "backend" {
  name = "backend" # or id
}

output "backend_token" {
  value     = data.flagops_unleash_api_token.backend.secret
  sensitive = true
}
