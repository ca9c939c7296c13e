#!/usr/bin/env bash
# What the program tells GitHub Actions, and the command of the composite action.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$folder/summary.md GITHUB_OUTPUT=$folder/output
export SUITE=baseline TARGET= MODE=demo BASELINE= RESULTS=$folder/results
# Nobody reaches a billion messages a second: a FAIL, or INCONCLUSIVE on a busy machine.
export ARGUMENTS='-c 5 -R 100 -d 2s --warmup 1s --metrics-listen 127.0.0.1:auto --slo throughput>1000000000'
status=0
deploy/github/run.sh >"$folder/out" 2>&1 || status=$?
cat "$folder/out"
[ $status -eq 1 ] || [ $status -eq 4 ]

annotations=$(grep -cE '^::(error|warning) title=baseline\.[a-z0-9_]+::' "$folder/out")
[ "$annotations" -ge 1 ] && [ "$annotations" -le 10 ]
grep -qE '^::(error|warning) title=baseline\.slo_throughput::' "$folder/out"
grep -q '^| baseline.slo_throughput | ' "$folder/summary.md"
grep -q '^gauntlet run baseline .*--seed=' "$folder/summary.md"
grep -qE '^verdict=(FAIL|INCONCLUSIVE)$' "$folder/output"
grep -q "^exit-code=$status\$" "$folder/output"
[ -f "$(sed -n 's/^folder=//p' "$folder/output")/junit.xml" ]

# Elsewhere nothing of that is printed.
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_OUTPUT
before=$(wc -c <"$folder/summary.md")
deploy/github/run.sh >"$folder/out" 2>&1 || true
if grep '^::' "$folder/out"; then exit 1; fi
[ "$(wc -c <"$folder/summary.md")" -eq "$before" ]
