#!/usr/bin/env bash
# Prints the path of a command-line tool: of the first of the alternatives given that there is.
#
#   cli.sh terraform                               the version pinned in terraform/go.mod beside this script
#   cli.sh terraform:1.11 tofu:1.11 terraform      one on PATH, if at least that version, else the pinned one
#
# A pinned tool (terraform, terraform-oldest, opentofu, docs, gotestsum, lint) is built once, from source, into
# ${FLAGOPS_CACHE:-${XDG_CACHE_HOME:-~/.cache}/flagops}, since Go modules are the one thing every machine can get.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# on_path NAME MINIMUM: prints the path of a released Terraform or OpenTofu on PATH that is new enough.
on_path() {
	local path version
	path=$(command -v "$1") || return 1
	version=$(CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null "$path" version -json 2>/dev/null |
		sed -n 's/.*"terraform_version": *"\([0-9.]*\)".*/\1/p')
	[ -n "$version" ] && at_least "$version" "$2" && printf '%s\n' "$path"
}

# pinned NAME: prints the path of the tool pinned in NAME/go.mod, and builds it first if need be.
pinned() {
	local module version out
	read -r module version < <(awk '$1 == "tool" { tool = $2 } { sub(/^require /, "") }
		$2 ~ /^v/ && index(tool "/", $1 "/") == 1 { print $1, substr($2, 2) }' "$here/$1/go.mod")
	out=${FLAGOPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flagops}/$1-$version
	if [ ! -x "$out" ]; then
		mkdir -p "$(dirname "$out")"
		exec 9>"$out.lock" # two builds at once would only waste time: the second waits where flock exists
		if command -v flock >/dev/null; then flock 9; fi
		if [ ! -x "$out" ]; then
			local note=''
			case $1 in terraform* | opentofu) note=': takes 3 to 5 minutes on 2 cores' ;; esac
			echo "building $module $version (once, kept in $out)$note" >&2
			(cd "$here/$1" && GOWORK=off CGO_ENABLED=0 go build -trimpath \
				-ldflags "-s -w -X $module/version.dev=no" -o "$out.$$" tool) >&2
			mv "$out.$$" "$out"
			echo "built $1 $version in $SECONDS s" >&2
		fi
		exec 9>&-
	fi
	printf '%s\n' "$out"
}

for alternative; do
	case $alternative in
	*:*) if on_path "${alternative%:*}" "${alternative#*:}"; then exit; fi ;;
	*)
		if [ ! -f "$here/$alternative/go.mod" ]; then
			echo "cli.sh: no tool is pinned in $here/$alternative" >&2
			exit 2
		fi
		pinned "$alternative"
		exit
		;;
	esac
done
echo "cli.sh: none of these is on PATH: $*" >&2
exit 1
