#!/usr/bin/env bash
# io_uring against epoll, on both sides, interleaved: `gauntlet run` against `gauntlet serve`.
#   bench/io/io.sh [ROUNDS [SECONDS]]                              default: 5 rounds of 3 s
#   bench/io/io.sh pin [ROUNDS [SECONDS]]      io_uring alone: server on core 0 and load on core 1,
#                                              against both left to the scheduler
# Closed loop, one load thread, one worker. Prints a table of ratios, median [min - max]. CPU is that
# of a whole run per completed message, the opening of its connections included: of all the figures
# the one that other programs disturb least.
set -euo pipefail
cd "$(dirname "$0")/../.."

compares=io
if [ "${1-}" = pin ]; then compares=pin; shift; fi
rounds=${1:-5} seconds=${2:-3}
gauntlet=$PWD/build/release/gauntlet
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

TIMEFORMAT='%U %S'
run() { # WAY TRANSPORT CONNECTIONS BURST: "completed-per-second load-us server-us" of one run
  local way=$1 io=io_uring url cpu pin=() pin_load=()
  [ "$compares" = io ] && io=$way
  [ "$way" = pinned ] && pin=(taskset -c 0) pin_load=(taskset -c 1)
  rm -rf "$work/results" "$work/serve.out"
  "${pin[@]}" "$gauntlet" serve --rate-limit 0 --breaker off --io "$io" \
    "--$2" 127.0.0.1:auto --workers 1 >"$work/serve.out" &
  server=$!
  for _ in $(seq 100); do grep -q listening "$work/serve.out" 2>/dev/null && break; sleep 0.05; done
  url=$(sed -n 's/^gauntlet serve: listening on //p' "$work/serve.out")
  cpu=$({ time "${pin_load[@]}" "$gauntlet" run --url "$url" --io "$io" -t 1 -c "$3" --burst "$4" \
    -d "${seconds}s" --warmup 0s --ramp 0s --slo 'error_rate<0.1%' --results "$work/results" -q \
    >"$work/run.out" 2>&1 || [ $? -eq 4 ]; } 2>&1)
  awk -v cpu="$cpu" -v s="$seconds" -v summary="$(cat "$work"/results/*/summary.json)" '{
    match(summary, /"completed": *[0-9]+/); n = substr(summary, RSTART, RLENGTH); sub(/.*: */, "", n)
    split(cpu, C, " "); printf "%.0f %.3f %.3f", n / s, 1e6 * (C[1] + C[2]) / n, 1e4 * ($14 + $15) / n }' \
    "/proc/$(pgrep -P "$server")/stat"
  kill "$server"
  wait "$server" || true
  server=
}

if [ "$compares" = io ]; then ways=(epoll io_uring); else ways=(free pinned); fi
echo "${ways[1]} / ${ways[0]}, $rounds rounds of $seconds s"
echo
echo "| transport | connections | burst | messages/s | load CPU/message | server CPU/message | ${ways[0]}: load, server us/message |"
echo '|---|---|---|---|---|---|---|'
while read -r transport connections burst; do
  : >"$work/rounds"
  for round in $(seq "$rounds"); do
    if ((round % 2)); then
      a=$(run "${ways[0]}" "$transport" "$connections" "$burst")
      b=$(run "${ways[1]}" "$transport" "$connections" "$burst")
    else
      b=$(run "${ways[1]}" "$transport" "$connections" "$burst")
      a=$(run "${ways[0]}" "$transport" "$connections" "$burst")
    fi
    echo "$a $b" | awk '{ print $4 / $1, $5 / $2, $6 / $3, $2, $3 }' | tee -a "$work/rounds" >&2
  done
  printf '| %s | %s | %s ' "$transport" "$connections" "$burst"
  for column in 1 2 3 4 5; do
    sort -g -k "$column,$column" "$work/rounds" | awk -v c="$column" '{ v[NR] = $c } END {
      m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
      if (c < 4) printf "| %.2f [%.2f - %.2f] ", m, v[1], v[NR]
      else printf "%s%.2f", c == 4 ? "| " : ", ", m }'
  done
  echo ' |'
done <<'CELLS'
tcp 150 1
tcp 1000 1
tcp 15000 1
tcp 150 16
tcp 1000 16
tcp 15000 16
http 150 1
http 1000 1
http 15000 1
CELLS
