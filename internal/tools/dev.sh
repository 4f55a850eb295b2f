#!/usr/bin/env bash
# dev.sh DIR: builds the provider into DIR, beside a CLI configuration (flagops.tfrc) that makes Terraform and OpenTofu use it.
set -euo pipefail
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
go build -o "$dir/terraform-provider-flagops" .
cat >"$dir/flagops.tfrc" <<END
provider_installation {
  dev_overrides {
    "flagops/flagops" = "$dir"
  }
  direct {}
}
END
