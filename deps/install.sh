#!/usr/bin/env bash
# Installs what is missing on this machine, and nothing twice.
#   deps/install.sh build    Debian packages of the section [build] in deps/apt.txt
#   deps/install.sh test     those of [test] too, Node where there is none, test/npm and web
set -euo pipefail
cd "$(dirname "$0")/.."

packages() {  # of the sections named
  awk -v wanted=" $* " '/^\[/ { on = index(wanted, " " substr($1, 2, length($1) - 2) " ") }
                        on && /^[a-z]/ { print $1 }' deps/apt.txt
}

missing() {  # of the packages named
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p') || true
  printf '%s\n' "$@" | grep -vxF "$installed" || true
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then env "$@"; else sudo env "$@"; fi
}

# Packaged daemons must not start: prometheus would take port 9090, which a suite serves on.
# A policy of the machine's own stays in force; ours goes when the installation ends.
policy=/usr/sbin/policy-rc.d
forbid_daemons() {
  if [ -e "$policy" ]; then return; fi
  trap 'as_root rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

install_packages() {
  if [ $# -eq 0 ]; then return; fi
  if ! command -v apt-get >/dev/null; then
    echo "deps/install.sh: no apt-get here; install these yourself: $*" >&2
    exit 1
  fi
  forbid_daemons
  as_root apt-get update -q
  as_root DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_npm() {  # FOLDER: npm writes its own lock last, so its age tells whether all is there
  if [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then return; fi
  (cd "$1" && npm ci)
}

case ${1:-} in
  build) sections="build" ;;
  test) sections="build test" ;;
  *) echo "usage: deps/install.sh build|test" >&2; exit 2 ;;
esac

mapfile -t wanted < <(packages $sections)
mapfile -t absent < <(missing "${wanted[@]}")
if [ "$1" = test ]; then
  command -v node >/dev/null || absent+=(nodejs)
  command -v npm >/dev/null || absent+=(npm)
fi
install_packages "${absent[@]}"
if [ "$1" = test ]; then
  install_npm test/npm
  install_npm web
fi
