#!/usr/bin/env bash
# tools.sh go|node...: says what to do when a toolchain is missing or too old.
# Toolchains are the machine owner's choice, so nothing is installed here, but
# for npm, which Debian packages apart from its nodejs.
set -euo pipefail
cd "$(dirname "$0")/.."

older() { # older HAVE WANT
	[ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

need_go() {
	local want have
	want=$(sed -n 's/^go //p' go.mod)
	have=$(go env GOVERSION 2>/dev/null | sed 's/^go//') || true
	if [ -z "$have" ] || older "$have" "$want"; then
		echo "tutti needs Go $want or newer (found: ${have:-none}). See https://go.dev/doc/install" >&2
		exit 1
	fi
}

need_node() {
	local want=20.19.0 have
	have=$(node --version 2>/dev/null | sed 's/^v//') || true
	if [ -z "$have" ] || older "$have" "$want"; then
		echo "Building the web client needs Node $want or newer (found: ${have:-none}). See https://nodejs.org" >&2
		exit 1
	fi
	command -v npm >/dev/null || scripts/packages.sh npm
}

for tool; do "need_$tool"; done
