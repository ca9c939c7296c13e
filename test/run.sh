#!/usr/bin/env bash
# Everything that proves a commit, the quick parts first. Stops at the first part that fails.
#   test/run.sh [--keep-going] [part …]    parts: format release lint fuzz asan tsan
set -uo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc)
# Runs that are judged and sleep nearly always: all together use a tenth of two cores.
quiet_jobs=3
passed=0 failed=0 skipped=0
keep_going=no
fuzz_seconds=5
tsan_folders="core net load server record"

title() { printf '\n=== %s (at %d s) ===\n' "$1" "$SECONDS"; }

finish() {
  printf '\nfinished after %d s\n' "$SECONDS"
  if [ "$skipped" -gt 0 ]; then
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  else
    printf '%d passed, %d failed\n' "$passed" "$failed"
  fi
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

fail() {
  echo "FAILED: $1" >&2
  [ "$keep_going" = yes ] || finish
}

# check NAME COMMAND…: one test.
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    fail "$name"
  fi
}

# build PRESET [TARGET…]: no test, but one that fails counts.
build() {
  local preset=$1
  shift
  if cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" ${1:+--target "$@"}; then
    return 0
  fi
  failed=$((failed + 1))
  fail "build of preset $preset"
  return 1
}

# run_ctest PRESET JOBS ARGUMENT…: as many tests as ctest counts.
run_ctest() {
  local log="build/$1/ctest.log" bad=0 total=0 status
  ctest --preset "$1" -j "$2" "${@:3}" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  read -r bad total < <(
    sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log")
  local skips
  skips=$(grep -cE '^\s+[0-9]+ - .* \((Skipped|Disabled)\)$' "$log")
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1 total=$((total + 1)); fi
  passed=$((passed + total - bad - skips))
  failed=$((failed + bad))
  skipped=$((skipped + skips))
  [ "$status" -eq 0 ] || fail "ctest of preset $1"
}

sources() { git ls-files -co --exclude-standard "$@"; }

check_format() { sources '*.cc' '*.h' | xargs clang-format-19 --dry-run -Werror; }

part_format() {
  title "format"
  check "clang-format" check_format
}

part_release() {
  title "release: build"
  build release || return
  title "release: unit tests, tidy rules, scripts, what no load disturbs"
  run_ctest release $((2 * jobs)) -LE quiet
  title "release: what is judged, on a quiet machine"
  run_ctest release "$quiet_jobs" -L quiet
}

check_lint() {
  cmake --preset tidy >/dev/null &&
    sources 'src/*.cc' | xargs -P "$jobs" -n 1 clang-tidy-19 --quiet -p build/tidy 2>&1 |
    sed '/ warnings\? generated\.$/d'
}

part_lint() {
  title "lint: clang-tidy over src/"
  check "clang-tidy" check_lint
}

fuzz_one() {  # NAME: its seeds, then mutations of them; what it finds is left in build/fuzz/found
  local found=build/fuzz/found/$1 dictionary=()
  mkdir -p "$found"
  [ ! -e "fuzz/$1_fuzz.dict" ] || dictionary=("-dict=fuzz/$1_fuzz.dict")
  if "build/fuzz/fuzz/$1_fuzz" -max_total_time="$fuzz_seconds" -print_final_stats=1 \
    "${dictionary[@]}" -artifact_prefix="$found-" "$found" "fuzz/corpus/$1" >"$found.log" 2>&1; then
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: //p' "$found.log") inputs"
  else
    tail -n 60 "$found.log"
    return 1
  fi
}

part_fuzz() {
  title "fuzz: build"
  build fuzz fuzz/all || return
  title "fuzz: $fuzz_seconds s a target"
  local names name running i
  names=($(basename -a -s _fuzz build/fuzz/fuzz/*_fuzz))
  for ((i = 0; i < ${#names[@]}; i += jobs)); do
    running=()
    for name in "${names[@]:i:jobs}"; do
      fuzz_one "$name" &
      running+=($!)
    done
    for name in "${names[@]:i:jobs}"; do
      check "fuzz $name" wait "${running[0]}"
      running=("${running[@]:1}")
    done
  done
}

# judged PRESET COMMAND…: the exit code has to be 0, and no sanitizer may have written a report.
judged() {
  local reports=$PWD/build/$1/reports status
  rm -rf "$reports" && mkdir -p "$reports"
  ASAN_OPTIONS=log_path=$reports/asan UBSAN_OPTIONS=log_path=$reports/ubsan \
    TSAN_OPTIONS=log_path=$reports/tsan "${@:2}"
  status=$?
  if [ $status -ne 0 ] || [ -n "$(ls "$reports")" ]; then
    echo "exit code $status"
    cat "$reports"/* 2>/dev/null
    return 1
  fi
}

run_builtin() {  # PRESET TRANSPORT: the program against its own server
  local status
  timeout 60 "build/$1/gauntlet" run --url builtin \
    --transport "$2" --connections 20 --rate 500 --duration 2s --warmup 1s --quiet \
    --results "build/$1/results" --metrics-listen 127.0.0.1:auto
  status=$?
  [ $status -eq 4 ] || return $status  # 4: such a build is too slow to be trusted with a verdict
}

sanitized_run() { judged "$1" run_builtin "$@"; }

# sanitized_peers PRESET SCRIPT…: official suites and SDKs against the program; TAP if it fails.
sanitized_peers() {
  local log="build/$1/peers.log"
  GAUNTLET=$PWD/build/$1/gauntlet judged "$1" \
    timeout 300 deps/node --test-reporter=tap "${@:2}" >"$log" 2>&1 || { cat "$log"; return 1; }
}

part_asan() {
  local script
  title "asan: build"
  build asan || return
  title "asan: unit tests"
  run_ctest asan $((2 * jobs))
  title "asan: the program"
  check "asan http" sanitized_run asan http
  check "asan tcp" sanitized_run asan tcp
  for script in conformance/conformance peers/sdk1_client peers/sdk2_client peers/old_clients; do
    check "asan $script" sanitized_peers asan "test/${script}_test.mjs"
  done
}

part_tsan() {
  local targets pattern
  targets=$(printf '%s_test ' $tsan_folders)
  pattern="^($(echo $tsan_folders | tr ' ' '|'))\."
  title "tsan: build"
  build tsan $targets gauntlet || return
  title "tsan: unit tests of what has threads"
  # The sanitizer's own allocations would be counted; one thread alone keeps and rolls up a run.
  run_ctest tsan $((2 * jobs)) -R "$pattern" -E '[Aa]llocat|^record\.(Store|RollUp)\.'
  title "tsan: the program"
  check "tsan http" sanitized_run tsan http
  check "tsan unix" sanitized_run tsan unix
  check "tsan stdio" sanitized_peers tsan test/peers/sdk2_client_test.mjs
}

parts=()
for argument in "$@"; do
  case $argument in
    --keep-going) keep_going=yes ;;
    format | release | lint | fuzz | asan | tsan) parts+=("$argument") ;;
    *) sed -n '2,3s/^# *//p' "$0" >&2; exit 2 ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=(format release lint fuzz asan tsan)
for part in "${parts[@]}"; do "part_$part"; done
finish
