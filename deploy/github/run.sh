#!/usr/bin/env bash
# The composite action's command, from its inputs in the environment: GAUNTLET (the program), SUITE,
# TARGET, MODE, ARGUMENTS, BASELINE, RESULTS. Words are split at blanks, and nothing is evaluated.
set -euo pipefail
set -f  # no patterns of file names
options=(--mode "$MODE" --results "$RESULTS")
if [ -n "$BASELINE" ]; then options+=(--baseline "$BASELINE"); fi
read -ra further <<<"$ARGUMENTS"
read -ra target <<<"$TARGET"
exec "$GAUNTLET" run "$SUITE" "${options[@]}" "${further[@]}" "${target[@]}"
