#!/usr/bin/env bash
# Our server against nginx with a static body and against the official TypeScript servers, under wrk.
#   bench/compare/server.sh [ROUNDS [SECONDS]]        default: 5 rounds of 3 s, 150 and 1,000 connections
# Prints, a number of connections at a time, requests per second and the server's CPU per request as
# ratios to ours (stateless), median [min - max], interleaved in each round. One worker on core 0, wrk
# on core 1. The same MCP tools/call goes to all; nginx answers with a body of the size of ours.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5} seconds=${2:-3}
source bench/compare/shared.sh

start() { # OUTPUT COMMAND…: on core 0, until it says where it listens
  taskset -c 0 "${@:2}" >"$1" 2>&1 &
  pids+=($!)
  for _ in $(seq 150); do grep -q 'http://' "$1" && return; sleep 0.1; done
  echo "server.sh: ${*:2} does not start" >&2
  exit 1
}
url_in() { grep -oE 'http://[^"]+/mcp' "$1" | head -1; }

open_session() { # URL: the Mcp-Session-Id of a new one, or nothing
  curl -si "$1" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"wrk","version":"1"}}}' |
    tr -d '\r' | sed -n 's/^[Mm]cp-[Ss]ession-[Ii]d: //p'
}

names=() urls=() scripts=() servers=()
add() { # NAME URL SCRIPT PID
  names+=("$1") urls+=("$2") scripts+=("$3") servers+=("$4")
  wrk -t 1 -c 4 -d 1s -s "$3" "$2" >"$work/check"
  if grep -q Non-2xx "$work/check"; then
    echo "server.sh: $1 refuses the call" >&2
    exit 1
  fi
}
stateful_lua() { # FILE URL
  local session
  session=$(open_session "$2")
  lua "$1" "$call}}" MCP-Protocol-Version=2025-11-25 ${session:+Mcp-Session-Id=$session}
}

start "$work/ours" "$gauntlet" serve --http 127.0.0.1:21080 --workers 1 \
  --rate-limit 0 --breaker off
ours=$(url_in "$work/ours")
lua "$work/stateless.lua" "$call,$meta}}" "${stateless_headers[@]}"
stateful_lua "$work/stateful.lua" "$ours"
add 'gauntlet serve, stateless' "$ours" "$work/stateless.lua" "${pids[-1]}"
add 'gauntlet serve, stateful' "$ours" "$work/stateful.lua" "${pids[-1]}"

serve_static "$(ask "$ours")"
add 'nginx, static body' http://127.0.0.1:21081/mcp "$work/stateless.lua" "${pids[-1]}"

for generation in 1 2; do
  start "$work/sdk$generation" deps/node "test/peers/sdk${generation}_server.mjs" --json
  url=$(url_in "$work/sdk$generation")
  stateful_lua "$work/sdk$generation.lua" "$url"
  add "TypeScript SDK $generation.x, JSON" "$url" "$work/sdk$generation.lua" "${pids[-1]}"
done

# CPU nanoseconds of a process, its threads and its children so far.
cpu_ns() {
  cat $(for pid in "$1" $(pgrep -P "$1"); do echo /proc/$pid/task/*/schedstat; done) | awk '{ n += $1 } END { printf "%.0f", n }'
}
run_one() { # INDEX CONNECTIONS: "requests/s server-us-per-request"
  local before after
  before=$(cpu_ns "${servers[$1]}")
  taskset -c 1 wrk -t 1 -c "$2" -d "${seconds}s" -s "${scripts[$1]}" "${urls[$1]}" >"$work/wrk.out"
  after=$(cpu_ns "${servers[$1]}")
  if grep -q 'Non-2xx' "$work/wrk.out"; then cat "$work/wrk.out" >&2; exit 1; fi
  awk -v cpu=$((after - before)) -v s="$seconds" '/requests in/ { printf "%.0f %.2f\n", $1 / s, cpu / 1000 / $1 }' "$work/wrk.out"
}

for connections in 150 1000; do
  : >"$work/rounds"
  for round in $(seq "$rounds"); do
    first=''
    for i in "${!names[@]}"; do
      result=$(run_one "$i" "$connections")
      [ -n "$first" ] || first=$result
      echo "$i $result $first" | awk '{ print $1, $2, $3, $2 / $4, $3 / $5 }' >>"$work/rounds"
    done
    echo "$connections connections, round $round done" >&2
  done
  printf '\n%s connections, closed loop, %s rounds of %s s\n\n' "$connections" "$rounds" "$seconds"
  echo '| server | requests/s | … / ours | CPU us per request | … / ours |'
  echo '|---|---|---|---|---|'
  for i in "${!names[@]}"; do
    awk -v i="$i" '$1 == i' "$work/rounds" >"$work/one"
    for column in 2 4 3 5; do
      sort -g -k "$column,$column" "$work/one" | awk -v c="$column" '{ v[NR] = $c } END {
        m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
        printf "%.5g [%.5g - %.5g]\n", m, v[1], v[NR] }'
    done | paste -sd'|' | sed "s/|/ | /g; s/^/| ${names[$i]} | /; s/$/ |/"
  done
done
