#!/usr/bin/env bash
# Our generator against wrk, and our server against nginx, interleaved on one machine.
#   bench/compare/compare.sh [ROUNDS [SECONDS [CONNECTIONS]]]      default: 5 rounds of 4 s, 150
# Prints a table of ratios, median [min - max]. Server on core 0, generator on core 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5} seconds=${2:-4} connections=${3:-150}
gauntlet=$PWD/build/release/gauntlet
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# The call that both generators send, and an answer of the size that our server gives.
arguments='{"message":"0123456789abcdef The answer has to carry this back, with about a hundred bytes of text to it."}'
meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"gauntlet","version":"0.1.0"},"io.modelcontextprotocol/clientCapabilities":{}}'
body="{\"jsonrpc\":\"2.0\",\"id\":1000000000,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":$arguments,$meta}}"

cat >"$work/call.lua" <<LUA
wrk.method = "POST"
wrk.body = [[$body]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/json, text/event-stream"
wrk.headers["MCP-Protocol-Version"] = "2026-07-28"
wrk.headers["Mcp-Method"] = "tools/call"
wrk.headers["Mcp-Name"] = "echo"
LUA

taskset -c 0 "$gauntlet" serve --http 127.0.0.1:21080 --workers 1 >"$work/serve.out" &
pids+=($!)
for _ in $(seq 50); do grep -q listening "$work/serve.out" && break; sleep 0.1; done
url=http://127.0.0.1:21080/mcp
answer=$(curl -s "$url" -H 'Content-Type: application/json' -H 'MCP-Protocol-Version: 2026-07-28' \
  -H 'Accept: application/json, text/event-stream' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: echo' \
  -d "$body")
case $answer in *'"result"'*) ;; *) echo "compare.sh: the server refused: $answer" >&2; exit 1 ;; esac

cat >"$work/nginx.conf" <<NGINX
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
  uwsgi_temp_path $work; scgi_temp_path $work;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:21081 backlog=4096;
    location / { default_type application/json; return 200 '$answer'; }
  }
}
NGINX
taskset -c 0 nginx -c "$work/nginx.conf" -e "$work/error.log" &
pids+=($!)
sleep 0.5
[ "$(curl -s http://127.0.0.1:21081/mcp)" = "$answer" ] || { echo 'compare.sh: nginx does not answer' >&2; exit 1; }

# "CPU-seconds requests" of one run.
TIMEFORMAT='%U %S'
run_wrk() { # URL
  local cpu
  cpu=$({ time taskset -c 1 wrk -t 1 -c "$connections" -d "${seconds}s" -s "$work/call.lua" "$1" \
    >"$work/wrk.out"; } 2>&1)
  grep -q 'Non-2xx' "$work/wrk.out" && { cat "$work/wrk.out" >&2; exit 1; }
  echo "$cpu" | awk -v n="$(awk '/requests in/ { print $1 }' "$work/wrk.out")" '{ print $1 + $2, n }'
}
run_gauntlet() {
  local cpu summary
  rm -rf "$work/results"
  cpu=$({ time taskset -c 1 "$gauntlet" run --url "$url" -t 1 -c "$connections" -d "${seconds}s" \
    --warmup 0s --ramp 0s --args "${arguments/0123456789abcdef/{{nonce\}\}}" --slo 'error_rate<0.1%' \
    --results "$work/results" -q >"$work/gauntlet.out" 2>&1 || [ $? -eq 4 ]; } 2>&1)
  summary=$(cat "$work"/results/*/summary.json)
  grep -q '"nonce_verified": *true' <<<"$summary" || { echo 'compare.sh: not verified' >&2; exit 1; }
  echo "$cpu" | awk -v n="$(grep -oE '"completed": *[0-9]+' <<<"$summary" | head -1 | grep -oE '[0-9]+')" \
    '{ print $1 + $2, n }'
}

run_wrk "$url" >/dev/null # warm-up, not counted
for round in $(seq "$rounds"); do
  ours=$(run_gauntlet) wrk=$(run_wrk "$url") nginx=$(run_wrk http://127.0.0.1:21081/mcp) again=$(run_wrk "$url")
  awk -v o="$ours" -v w="$wrk" -v n="$nginx" -v a="$again" -v s="$seconds" 'BEGIN {
    split(o, O, " "); split(w, W, " "); split(n, N, " "); split(a, A, " ")
    printf "%.3f %.3f %.3f %.2f %.2f %.0f %.0f %.0f\n", (O[1] / O[2]) / (W[1] / W[2]), \
      ((W[2] + A[2]) / 2) / N[2], O[2] / W[2], 1e6 * O[1] / O[2], 1e6 * W[1] / W[2], O[2] / s, W[2] / s, N[2] / s }' |
    tee -a "$work/rounds" | sed "s/^/round $round: /" >&2
done

row() { # COLUMN NAME GOAL
  sort -g -k "$1,$1" "$work/rounds" | awk -v c="$1" -v name="$2" -v goal="$3" '{ v[NR] = $c } END {
    m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
    printf "| %s | %s | %s - %s | %s |\n", name, m, v[1], v[NR], goal }'
}
echo "$connections connections, closed loop, $rounds rounds of $seconds s"
echo
echo '| | median | min - max | goal |'
echo '|---|---|---|---|'
row 1 'generator CPU per request, gauntlet (every answer verified) / wrk (none)' '<= 1.0'
row 2 'requests per second under wrk, gauntlet serve (echo) / nginx (static, same body)' '>= 0.9'
row 3 'requests per second from gauntlet serve, gauntlet / wrk as the generator' ''
row 4 'gauntlet, CPU us per request' ''
row 5 'wrk, CPU us per request' ''
row 6 'gauntlet against gauntlet serve, requests per second' ''
row 7 'wrk against gauntlet serve, requests per second' ''
row 8 'wrk against nginx, requests per second' ''
