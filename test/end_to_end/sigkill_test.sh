#!/usr/bin/env bash
# A few rounds of bench/sigkill: one of each scenario.
set -euo pipefail
exec "$(dirname "$0")/../../bench/sigkill/sigkill.sh" 12 "${SEED:-7}"
