#!/usr/bin/env bash
# Prints the path of the Node 22 that test/npm brings: the one that every script of ours runs under.
set -euo pipefail
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "deps/node_path.sh: no packaged Node 22 for $(uname -m)" >&2; exit 1 ;;
esac
node="$(cd "$(dirname "$0")/.." && pwd)/test/npm/node_modules/node-linux-$arch/bin/node"
if [ ! -x "$node" ]; then
  echo "deps/node_path.sh: $node is missing; run deps/install.sh test" >&2
  exit 1
fi
echo "$node"
