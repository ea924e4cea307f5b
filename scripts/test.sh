#!/usr/bin/env bash
# test.sh check|all: runs the stages in order, cheapest first, and stops at the
# first that fails. Its last line counts the stages.
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0
started=$SECONDS
stage() { # stage NAME COMMAND...
	local name=$1 begin=$SECONDS
	shift
	printf '\n== %s\n' "$name"
	if ! "$@"; then
		printf '\n"%s" failed after %d s.\nstages: %d passed, 1 failed\n' "$name" $((SECONDS - begin)) "$passed"
		exit 1
	fi
	passed=$((passed + 1))
	printf '== %s: %d s\n' "$name" $((SECONDS - begin))
}

format() {
	local unformatted
	unformatted=$(find . -name node_modules -prune -o -name '*.go' -print0 | xargs -0 gofmt -l)
	[ -z "$unformatted" ] || { printf 'not formatted, run gofmt -w:\n%s\n' "$unformatted"; return 1; }
}

# e2e has a stage of its own: it starts real servers and browsers.
units() { go list ./... | grep -v '/e2e\(/\|$\)'; }

lint() {
	go vet ./... && go tool staticcheck ./... && go tool go-errorlint ./...
}

rules() { go test ./internal/check/...; }
unit() { units | xargs go test; }
unit_race() { units | xargs go test -race -timeout 10m; }
web_test() { npm --prefix web run check && npm --prefix web test; }

# Go clients with the race detector in client and server; browsers without, for
# what they see is measured. Here nothing that is missing may be skipped.
end_to_end() {
	CI=1 go test -race -short -count=1 -timeout 15m ./e2e/... &&
		cat bin/e2e-ways.md && # how each pair of networks met
		CI=1 go test -count=1 -timeout 25m -run TestBrowser ./e2e/...
}

# What the tests run beside the browsers: media tools, another media server to
# talk to, and what makes and breaks networks.
packages() {
	scripts/packages.sh gcc libc6-dev chromium firefox-esr ffmpeg janus coturn stun-client \
		iproute2 nftables conntrack procps
}

stage tools scripts/tools.sh go codecs
stage format format
stage rules rules
stage lint lint
case "$1" in
check)
	stage unit unit
	;;
all)
	stage packages packages
	stage npm eval 'scripts/tools.sh node && scripts/npm.sh web && scripts/npm.sh e2e'
	stage web web_test
	stage build make --no-print-directory build
	stage 'unit with the race detector' unit_race
	stage 'end to end' end_to_end
	;;
*)
	echo "usage: $0 check|all" >&2
	exit 2
	;;
esac

printf '\n%d min %d s\nstages: %d passed, 0 failed\n' $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) "$passed"
