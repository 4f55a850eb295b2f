resource "flagops_unleash_api_token" "backend" {
  name        = "backend"
  type        = "backend"
  environment = "production" # left out: development
  projects    = ["default"]  # left out: ["*"], all of them
  expires_at  = "2031-01-01T00:00:00Z"

  # Whoever holds the old token keeps working until the new one is there.
  lifecycle {
    create_before_destroy = true
  }
}

resource "flagops_unleash_api_token" "browser" {
  name = "browser"
  type = "frontend"
}

output "backend_token" {
  value     = flagops_unleash_api_token.backend.secret
  sensitive = true
}
