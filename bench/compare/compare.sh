#!/usr/bin/env bash
# What our generator and our server cost beside others, in one go: see compare.mjs.
#   bench/compare/compare.sh [--rounds N] [--seconds S] [--only generators,servers,…] [--out FOLDER]
set -euo pipefail
here=$(dirname "$0")
exec "$here/../../deps/node" "$here/compare.mjs" "$@"
