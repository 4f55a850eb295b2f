# By its name, or by its fingerprint: the first 16 hex digits of the SHA-256 of its secret.
terraform import flagops_unleash_api_token.backend backend
terraform import flagops_unleash_api_token.backend 8c6976e5b5410415
