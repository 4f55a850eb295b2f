#!/usr/bin/env bash
# A real Unleash from its npm package, with PostgreSQL in memory, for as long as a command runs.
#
#   unleash.sh run [--stock] [--enterprise] -- COMMAND...
#
# COMMAND finds UNLEASH_URL and UNLEASH_TOKEN in its environment, and its exit code is the script's. --enterprise starts an
# emulation of Enterprise (and sets UNLEASH_EMULATES=enterprise); --stock leaves in what lets a stray promise rejection end
# the server. start.mjs says more of both.
#
# The packages are installed once, from the lockfile beside this script and without any install script, into
# ${FLAGOPS_CACHE:-${XDG_CACHE_HOME:-~/.cache}/flagops}. UNLEASH_DATABASE_URL names a real PostgreSQL to make a database on
# instead, UNLEASH_LOG a file for what the server logs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
	sed -n 's/^#   \(unleash.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}

# needed: says in one line what is missing.
needed() {
	local node
	node=$(node --version 2>/dev/null) || node=none
	if ! command -v npm >/dev/null || [[ ! $node =~ ^v([0-9]+) ]] || [ "${BASH_REMATCH[1]}" -lt 20 ]; then
		echo "a real Unleash needs Node >= 20 (its makers say 22) and npm on PATH; found Node $node, npm $(npm --version 2>/dev/null || echo none)" >&2
		exit 1
	fi
}

# installed: prints the directory of the packages, and installs them first if need be.
installed() {
	local version out start
	version=$(sed -n 's/.*"unleash-server": "\(.*\)".*/\1/p' "$here/package.json")
	out=${FLAGOPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flagops}/unleash-$version-$(cksum <"$here/package-lock.json" | cut -d ' ' -f 1)
	if [ ! -e "$out/done" ]; then
		mkdir -p "$(dirname "$out")"
		exec 9>"$out.lock" # two at once would only waste time: the second waits where flock exists
		if command -v flock >/dev/null; then flock 9; fi
		if [ ! -e "$out/done" ]; then
			echo "installing unleash-server $version and PGlite with npm ci --ignore-scripts (once, 225 MB kept in $out): takes about half a minute" >&2
			start=$SECONDS
			rm -rf "$out.$$"
			mkdir "$out.$$"
			cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$out.$$/"
			if ! (cd "$out.$$" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2; then
				rm -rf "$out.$$"
				echo "npm ci failed" >&2
				exit 1
			fi
			touch "$out.$$/done"
			rm -rf "$out"
			mv "$out.$$" "$out"
			echo "installed in $((SECONDS - start)) s" >&2
		fi
		exec 9>&-
	fi
	printf '%s\n' "$out"
}

[ "${1:-}" = run ] || usage
shift
flags=()
enterprise=
while [ "${1:-}" != -- ]; do
	case ${1:-} in
	--stock) ;;
	--enterprise) enterprise=enterprise ;;
	*) usage ;;
	esac
	flags+=("$1")
	shift
done
shift
[ $# -gt 0 ] || usage

needed
packages=$(installed)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/flagops-unleash.XXXXXX")
log=${UNLEASH_LOG:-$tmp/log}
server=
stop() {
	trap - EXIT INT TERM HUP
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || true
		wait "$server" 2>/dev/null || true
	fi
	rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

token=${UNLEASH_ADMIN_TOKEN:-"*:*.$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"}
set -m # a process group of its own: Ctrl-C reaches the command first, and the server is there until that has stopped
UNLEASH_ADMIN_TOKEN=$token NODE_COMPILE_CACHE=$packages/compiled \
	node --no-deprecation "$here/start.mjs" ${flags[@]+"${flags[@]}"} "$packages" >"$tmp/url" 2>"$log" </dev/null &
server=$!
set +m
for _ in {1..1200}; do
	[ ! -s "$tmp/url" ] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
if [ ! -s "$tmp/url" ]; then
	cat "$log" >&2
	echo "Unleash did not start" >&2
	exit 1
fi
UNLEASH_URL=$(cat "$tmp/url")
UNLEASH_TOKEN=$token
export UNLEASH_URL UNLEASH_TOKEN
unset UNLEASH_EMULATES
if [ -n "$enterprise" ]; then export UNLEASH_EMULATES=$enterprise; fi
echo "Unleash $(sed -n 's/.*"unleash-server": "\(.*\)".*/\1/p' "$here/package.json")${enterprise:+ (emulation of Enterprise, not Enterprise)} answers at $UNLEASH_URL after $SECONDS s" >&2

code=0
"$@" || code=$?
if ! kill -0 "$server" 2>/dev/null; then
	echo "Unleash ended while the command ran; the end of what it logged:" >&2
	tail -n 20 "$log" >&2
	[ "$code" != 0 ] || code=1
elif [ "$code" != 0 ] && [ -s "$log" ]; then
	echo "the end of what Unleash logged:" >&2
	tail -n 20 "$log" >&2
fi
exit "$code"
