#!/usr/bin/env bash
# packages.sh PACKAGE...: installs the Debian packages that are missing, as root
# or by sudo. Without either it prints the command to run and fails.
set -euo pipefail

missing=()
for package; do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
	root=(sudo)
	# Without a terminal sudo must not wait for a password.
	[ -t 0 ] || root=(sudo -n)
fi
install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ ${#root[@]} -gt 0 ] && ! "${root[@]}" true 2>/dev/null; then
	printf 'These packages are missing, and installing them needs root. Run:\n\n    sudo apt-get update && sudo %s\n\n' "${install[*]}" >&2
	exit 1
fi

echo "installing ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" -qq
