#!/usr/bin/env bash
# make demo: manages examples/gitops, a shop's flags in YAML files, on a Flagsmith and an Unleash in memory. Nothing stays
# behind, unless KEEP=1 leaves the servers up and says how to go on.
set -euo pipefail
cd "$(dirname "$0")/../.."
cli=$(internal/tools/cli.sh terraform:1.11 tofu:1.11 terraform)
for name in "${!TF_@}" "${!FLAGSMITH_@}" "${!UNLEASH_@}"; do unset "$name"; done
export CHECKPOINT_DISABLE=1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/flagops-demo.XXXXXX")
sandbox=
stop() {
	trap - EXIT INT TERM
	if [ -n "$sandbox" ]; then
		kill "$sandbox" 2>/dev/null || true
		wait "$sandbox" 2>/dev/null || true
	fi
	rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
color=()
[ -t 1 ] || color=(-no-color)
TIMEFORMAT='(%1R s)'

say() { printf '\n== %s\n' "$*"; }

# run FILTER ARGUMENTS...: runs the CLI in the shop's folder and prints what FILTER (a sed script) leaves of its output,
# or all of it when it fails. Detailed exit codes 0 and 2 are no failures: the last one is in $code.
run() {
	code=0
	printf '$ %s %s ' "${cli##*/}" "${*:2}"
	{ time "$cli" -chdir="$tmp/shop" "${@:2}" "${color[@]+"${color[@]}"}" >"$tmp/log" 2>&1; } 2>&1 || code=$?
	if [ "$code" = 1 ] || [ "$code" -gt 2 ]; then
		cat "$tmp/log"
		exit "$code"
	fi
	sed -n "$1" "$tmp/log"
}

say "building the provider, and a Flagsmith and an Unleash that live in memory"
{ time { internal/tools/dev.sh "$tmp/bin" && go build -o "$tmp/bin/sandbox" ./internal/cmd/sandbox; }; } 2>&1
export TF_CLI_CONFIG_FILE=$tmp/bin/flagops.tfrc
cp -R examples/gitops "$tmp/shop"

set -m # a process group of its own: Ctrl-C reaches Terraform first, and the servers are there until that has stopped
nohup "$tmp/bin/sandbox" -ready "$tmp/servers" >"$tmp/sandbox.log" 2>&1 &
sandbox=$!
set +m
for _ in {1..100}; do
	[ ! -s "$tmp/servers" ] || break
	kill -0 "$sandbox" 2>/dev/null || break
	sleep 0.1
done
if [ ! -s "$tmp/servers" ]; then
	cat "$tmp/sandbox.log" >&2
	exit 1
fi
set -a
# shellcheck disable=SC1091 # written by the sandbox
. "$tmp/servers"
set +a
say "Flagsmith listens at $FLAGSMITH_API_URL, Unleash at $UNLEASH_URL; examples/gitops goes there"
run '/Apply complete/p' apply -auto-approve -input=false

say "a second plan finds nothing to do"
run '/No changes/p' plan -detailed-exitcode -input=false
if [ "$code" != 0 ]; then
	cat "$tmp/log"
	exit 1
fi

file=flags/production.yaml
say "a pull request switches new_checkout on in $file"
sed 's/^\(new_checkout:.*enabled: *\)false/\1true/' "examples/gitops/$file" >"$tmp/shop/$file"
if diff "examples/gitops/$file" "$tmp/shop/$file"; then
	echo "$file has no line 'new_checkout: { enabled: false }' to edit" >&2
	exit 1
fi

say "its plan: one line on each server"
run '/will perform/,$ { /^─/q; p; }' plan -detailed-exitcode -input=false -out=tfplan
if ! grep -q '0 to add, 2 to change, 0 to destroy' "$tmp/log"; then
	echo "this is not one change on each server" >&2
	exit 1
fi
run '/Apply complete/p' apply -input=false tfplan

say "what the servers now have"
"$tmp/bin/sandbox" -print

if [ "${KEEP:-}" = 1 ]; then
	trap - EXIT INT TERM
	{
		cat "$tmp/servers"
		echo "TF_CLI_CONFIG_FILE=$TF_CLI_CONFIG_FILE"
	} | sed 's/^/export /' >"$tmp/env"
	say "the servers stay up (KEEP=1)"
	cat <<-END
		go on:  cd $tmp/shop && . ../env && $cli plan
		        (edit flags/*.yaml, apply, plan; ask the servers: $tmp/bin/sandbox -print)
		stop:   kill $sandbox && rm -rf $tmp
	END
else
	stop
	say "done in $SECONDS s; the servers are stopped and their files are gone"
fi
