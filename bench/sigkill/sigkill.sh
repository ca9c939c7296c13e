#!/usr/bin/env bash
# SIGKILL to Gauntlet at random moments of every scenario: nothing of it may be left: no process
# (running, stopped or orphaned), and so no namespace, since these have no names; no nftables table,
# no control group, no shared memory, no file in /tmp. A target that it did not start goes on.
#   bench/sigkill/sigkill.sh [ROUNDS [SEED]]        default: 100 1
# Scenarios are those of the suites chaos and cascading, in seconds instead of minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-100} seed=${2:-1}
gauntlet=${GAUNTLET:-$PWD/build/release/gauntlet}
work=$(mktemp -d)
mark=GAUNTLET_SIGKILL_MARK=$work
foreign=
trap 'kill "$foreign" 2>/dev/null || true; rm -rf "$work"' EXIT
RANDOM=$seed

scenario() {  # FAULT…: each "kind at for with"; a suite on standard output
  printf '%s\n' 'suite = "sigkill"' '[load]' 'connections = 40' 'rate = "400/s"' 'workers = 2' \
    'protocol = "2025-11-25"' 'ramp = "0s"' '[[mix]]' 'tool = "echo"' \
    'arguments = { message = "{{nonce}}" }' '[[phase]]' 'name = "steady"' 'duration = "1s"' \
    'measured = true' '[[phase]]' 'name = "trouble"' 'duration = "8s"'
  local n=0
  for fault in "$@"; do
    read -r kind at for with <<<"$fault"
    n=$((n + 1))
    printf '[[fault]]\nid = "f%d"\nkind = "%s"\nphase = "trouble"\nat = "%s"\n' $n "$kind" "$at"
    if [ "$for" != - ]; then echo "for = \"$for\""; fi
    if [ "$kind" = disconnect ] || [ "$kind" = kill_worker ]; then echo 'every = "700ms"'; fi
    if [ -n "$with" ]; then echo "with = { $with }"; fi
  done
  printf '[[test]]\nname = "t"\nfault = "f1"\nlimits = ["peak_error_rate <= 100%%"]\n'
}

declare -A scenarios
loss='loss 0s 7s amount = "2%"'
delay='delay 0s 7s amount = "50ms", jitter = "20ms"'
scenarios[process_crashes]=$(scenario 'kill_worker 0s -')
scenarios[client_disconnections]=$(scenario 'disconnect 0s -')
scenarios[network_partition]=$(scenario 'partition 0s 7s')
scenarios[message_loss]=$(scenario "$loss")
scenarios[latency_injection]=$(scenario "$delay")
scenarios[combined_failures]=$(scenario "$loss" "$delay" 'kill_worker 1s -' 'disconnect 1s -' \
  'partition 3s 1s')
scenarios[registry_partition]=$(scenario 'failpoint 0s 7s order = "registry?shards=0-5"' "$delay")
scenarios[slow_handler]=$(scenario 'failpoint 0s 7s order = "tool?name=echo&ms=100"')
scenarios[triple_failure]=$(scenario "$delay" 'kill_worker 1s -' 'partition 2s 3s only_group = 1')
scenarios[resources]=$(scenario 'cpu 0s 3s amount = "20%"' 'pids 4s 3s amount = 10' \
  'descriptors 0s 7s amount = 40')
scenarios[pause]=$(scenario 'pause 0s 7s')
scenarios[foreign_target]=$(scenario 'pause 0s 2s' 'cpu 2500ms 2s amount = "20%"' \
  'descriptors 5s 2s amount = 40')

marked() {  # pids of processes that carry the mark, in whatever namespace they are
  { grep -lzxF "$mark" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d/ -f3
}

left() {  # what is left, a line each; $1 is the pid that was killed
  for pid in $(marked); do
    echo "process $pid: $(tr "\0" " " 2>/dev/null <"/proc/$pid/cmdline") $(sed -n "s/^State:\s*//p" "/proc/$pid/status" 2>/dev/null)"
  done
  find /sys/fs/cgroup -type d -name "gauntlet-$1-*" 2>/dev/null || true
  find /dev/shm /tmp -maxdepth 1 -name "gauntlet-$1[.-]*" 2>/dev/null || true
  nft list tables 2>/dev/null | grep gauntlet || true
}

state() { sed -n 's/^State:\s*\(.\).*/\1/p' "/proc/$1/status"; }

# A target that is not ours to start: outlives all rounds.
"$gauntlet" serve --http 127.0.0.1:auto --workers 1 --rate-limit 0 >"$work/serve" 2>&1 &
foreign=$!
for _ in $(seq 100); do grep -q listening "$work/serve" && break; sleep 0.1; done
url=$(sed -n 's/.*listening on //p' "$work/serve")

round() {  # NUMBER NAME
  local target=() pid rest
  [ "$2" = foreign_target ] && target=("$url")
  printf '%s\n' "${scenarios[$2]}" >"$work/$2.toml"
  env "$mark" "$gauntlet" run "$work/$2.toml" "${target[@]}" --seed "$1" --results "$work/results" \
    -q >"$work/out" 2>&1 &
  pid=$!
  for _ in $(seq 200); do [ -n "$(marked)" ] && break; sleep 0.05; done
  sleep "$((RANDOM % 7)).$((RANDOM % 10))$((RANDOM % 10))"
  [ -n "$(marked)" ] || { echo "round $1, $2: the mark is on nobody"; return 1; }
  kill -KILL "$pid" 2>/dev/null || { echo "round $1, $2: it had ended already"; cat "$work/out"; return 1; }
  wait "$pid" 2>/dev/null || true
  for _ in $(seq 100); do  # the kernel and the warden take a moment
    rest=$(left "$pid")
    [ -z "$rest" ] && [ "$(state "$foreign")" != T ] && break
    sleep 0.1
  done
  [ -z "$rest" ] || { echo "round $1, $2: left behind:"; echo "$rest"; return 1; }
  for each in "$foreign" $(cat "/proc/$foreign/task/$foreign/children"); do
    [ "$(state "$each")" != T ] || { echo "round $1, $2: $each is still stopped"; return 1; }
  done
  curl -sf -m 10 "${url%/mcp}/health" >/dev/null ||
    { echo "round $1, $2: the target serves no more"; return 1; }
}

names=($(printf '%s\n' "${!scenarios[@]}" | sort))
failed=0
for ((i = 1; i <= rounds; i++)); do
  round "$i" "${names[(i - 1) % ${#names[@]}]}" || failed=$((failed + 1))
done
echo "$rounds times SIGKILL in ${#names[@]} scenarios: $failed left something behind"
[ "$failed" = 0 ]
