#!/usr/bin/env bash
# tools.sh go|node|codecs...: says what to do when a toolchain is missing or too
# old. Toolchains are the machine owner's choice, so nothing is installed here,
# but for what Debian has packages of: npm, a C compiler, the codec libraries.
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

# The mixer's codecs. Where they are there already, in whatever way, no package
# is asked for.
need_codecs() {
	pkg-config --exists opus vpx openh264 dav1d 2>/dev/null &&
		echo '#include <libyuv.h>' | "$(go env CC)" -E -o /dev/null - 2>/dev/null && return
	scripts/packages.sh gcc libc6-dev pkg-config libopus-dev libvpx-dev libyuv-dev libopenh264-dev libdav1d-dev
}

for tool; do "need_$tool"; done
