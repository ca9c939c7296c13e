#!/usr/bin/env bash
# Worker murder under load: `gauntlet serve` with sessions over HTTP; a worker is killed every two
# seconds, in turn. Prints what the clients saw and what the supervisor measured.
#   bench/murder/murder.sh [SECONDS [CONNECTIONS [WORKERS]]]        default: 60 s, 1,000, 4
# Fails where a session was lost, an answer was wrong, or a restart took longer than 100 ms (which
# says more than p99 does of some thirty restarts).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60} connections=${2:-1000} workers=${3:-4}
gauntlet=${GAUNTLET:-$PWD/build/release/gauntlet}
work=$(mktemp -d)
supervisor=
trap 'kill "$supervisor" 2>/dev/null || true; rm -rf "$work"' EXIT

"$gauntlet" serve --http 127.0.0.1:auto --workers "$workers" --restart-limit 1000/60s \
  >"$work/serve.out" 2>"$work/serve.err" &
supervisor=$!
for _ in $(seq 100); do grep -q listening "$work/serve.out" && break; sleep 0.1; done
url=$(sed -n 's/.*listening on //p' "$work/serve.out")
[ -n "$url" ] || { cat "$work/serve.err" >&2; exit 1; }

"$gauntlet" run --url "$url" --protocol 2025-11-25 -c "$connections" -R 2000 \
  -d "${seconds}s" --warmup 0s --ramp 2s --timeout 5s --slo 'error_rate<5%' \
  --results "$work/results" -q >"$work/run.out" 2>&1 &
run=$!
sleep 4
kills=0
while sleep 2 && kill -0 "$run" 2>/dev/null; do
  mapfile -d " " -t pids <"/proc/$supervisor/task/$supervisor/children"
  kill -KILL "${pids[kills % ${#pids[@]}]}" && kills=$((kills + 1))
done
wait "$run" || true
curl -sf "${url%/mcp}/metrics" >"$work/metrics"

value() { grep -oE "\"$1\": *[0-9.e+-]+" "$work"/results/*/summary.json | head -1 | grep -oE '[0-9.e+-]+$'; }
restarts() { sed -nE "s/^gauntlet_server_worker_restart_seconds_$1 //p" "$work/metrics"; }
outage() { grep -oE '"longest_outage_ms": *\{[^}]*\}' "$work"/results/*/summary.json | head -1; }

cat "$work/run.out"
echo
echo "$connections sessions, $workers workers, $kills killed in $seconds s"
echo "sessions: opened $(value sessions_opened), kept $(value sessions_kept), lost $(value sessions_lost)"
echo "connections: $(value connects) opened, $(value drops) lost"
echo "messages: $(value completed) completed; errors: integrity $(value integrity)," \
  "protocol $(value protocol), http_status $(value http_status), jsonrpc $(value jsonrpc)," \
  "indeterminate $(value indeterminate), unsent $(value unsent), timeout $(value timeout)"
echo "longest outage of each client, ms, back-off and the wait for its next call included: $(outage)"
echo "restarts: $(restarts count) in $(restarts sum) s together; by upper bound in seconds:"
sed -nE 's/^gauntlet_server_worker_restart_seconds_bucket\{le="(.*)"\} (.*)$/  \1: \2/p' "$work/metrics"
echo "load average: $(cut -d ' ' -f 1-3 /proc/loadavg)"
in_time=$(sed -nE 's/^gauntlet_server_worker_restart_seconds_bucket\{le="0.1"\} //p' "$work/metrics")
wrong=$(($(value integrity) + $(value protocol) + $(value jsonrpc) + $(value tool_error)))
[ "$(value sessions_lost)" = 0 ] && [ "$wrong" = 0 ] &&
  [ "$(restarts count)" = "$kills" ] && [ "$in_time" = "$kills" ] && exit
echo "FAIL: sessions lost: $(value sessions_lost), wrong answers: $wrong, restarts within 100 ms:" \
  "$in_time of $kills"
exit 1
