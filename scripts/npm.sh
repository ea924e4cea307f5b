#!/usr/bin/env bash
# npm.sh FOLDER: installs the locked npm packages of FOLDER when they are not
# there or the lock file is newer. No package may run a script of its own, so
# that browser drivers do not try to fetch browsers: the tests use Debian's.
set -euo pipefail
cd "$(dirname "$0")/../$1"

stamp=node_modules/.package-lock.json
[ "$stamp" -nt package-lock.json ] && exit 0
npm ci --ignore-scripts --no-audit --no-fund
touch "$stamp"
