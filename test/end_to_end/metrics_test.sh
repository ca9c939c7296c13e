#!/usr/bin/env bash
# /metrics of a running suite, as Prometheus and people with old dashboards see it.
set -euo pipefail
results=$(mktemp -d)
trap 'kill "$run" 2>/dev/null || true; rm -rf "$results"' EXIT

"$GAUNTLET" run --url builtin -c 5 -R 100 -d 6s --metrics-listen 127.0.0.1:19190 \
  --metrics-prefix erlmcp --results "$results" -q >"$results/out" 2>&1 &
run=$!

metrics=
for _ in $(seq 100); do
  metrics=$(curl -s http://127.0.0.1:19190/metrics || true)
  if grep -q '^erlmcp_throughput_messages_per_second [1-9]' <<<"$metrics"; then break; fi
  sleep 0.1
done
grep '^erlmcp_throughput_messages_per_second [1-9]' <<<"$metrics"
grep '^erlmcp_messages_total{.*completed.*} [1-9]' <<<"$metrics"
promtool check metrics <<<"$metrics"
if grep '^gauntlet_' <<<"$metrics"; then
  echo 'the prefix was not applied everywhere' >&2
  exit 1
fi
wait "$run" || [ $? -eq 4 ]  # a busy machine may make the run INCONCLUSIVE
