#!/usr/bin/env bash
# docs.sh writes docs/ from the provider's schema, examples/ and templates/; docs.sh --check only says what it would change.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=internal/tools
terraform=$($tools/cli.sh terraform) # what it says of a schema depends on its version: always the pinned one
tfplugindocs=$($tools/cli.sh docs)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

$tools/dev.sh "$tmp/bin"
mkdir "$tmp/config" "$tmp/site"
echo '{"terraform": {"required_providers": {"flagops": {"source": "flagops/flagops"}}}}' >"$tmp/config/main.tf.json"
# the generator looks for the bare name
CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=$tmp/bin/flagops.tfrc "$terraform" -chdir="$tmp/config" providers schema -json |
	sed 's|"[^"]*/flagops/flagops"|"flagops"|' >"$tmp/schema.json"

cp -R examples templates "$tmp/site/"
if [ -d docs ]; then cp -R docs "$tmp/site/"; fi # pages that no template makes stay
for kind in data-sources list-resources; do # one template: what a kind lacks (imports) its pages leave out
	cp templates/resources.md.tmpl "$tmp/site/templates/$kind.md.tmpl"
done
if ! "$tfplugindocs" generate --provider-dir "$tmp/site" --provider-name flagops \
	--providers-schema "$tmp/schema.json" >"$tmp/log" 2>&1; then
	cat "$tmp/log" >&2
	exit 1
fi
grep -E 'does not exist' "$tmp/log" >&2 && exit 1

if [ "${1:-}" = --check ]; then
	diff -ru docs "$tmp/site/docs" || {
		echo "docs/ is out of date: run make docs" >&2
		exit 1
	}
else
	rm -rf docs
	cp -R "$tmp/site/docs" docs
fi
