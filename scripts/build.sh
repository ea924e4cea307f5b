#!/usr/bin/env bash
# build.sh: builds bin/tutti. Where the codec libraries are missing and can't be
# installed, or CGO_ENABLED=0 asks for it, the build has no mixer, and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${CGO_ENABLED:-}" != 0 ] && scripts/tools.sh codecs; then
	export CGO_ENABLED=1
else
	echo "building tutti WITHOUT the mixer (CGO_ENABLED=0): rooms can't be mixed, all else works" >&2
	export CGO_ENABLED=0
fi
go build -trimpath -o bin/tutti ./cmd/tutti
