#!/usr/bin/env bash
# Our generator against wrk, and our server against nginx, interleaved on one machine.
#   bench/compare/compare.sh [ROUNDS [SECONDS [CONNECTIONS]]]      default: 5 rounds of 4 s, 150
# Prints a table of ratios, median [min - max]. Server on core 0, generator on core 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5} seconds=${2:-4} connections=${3:-150}
source bench/compare/shared.sh

lua "$work/call.lua" "$call,$meta}}" "${stateless_headers[@]}"

taskset -c 0 "$gauntlet" serve --rate-limit 0 --breaker off --http 127.0.0.1:21080 --workers 1 >"$work/serve.out" &
pids+=($!)
for _ in $(seq 50); do grep -q listening "$work/serve.out" && break; sleep 0.1; done
url=http://127.0.0.1:21080/mcp
answer=$(ask "$url")
case $answer in *'"result"'*) ;; *) echo "compare.sh: the server refused: $answer" >&2; exit 1 ;; esac

serve_static "$answer"

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
