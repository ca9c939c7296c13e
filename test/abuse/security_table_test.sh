#!/usr/bin/env bash
# Every test that docs/security.md and docs/faults.md name is there: a row without its test is a
# promise.
set -uo pipefail
cd "$(dirname "$0")/../.."

tests=$(sed -nE 's/^TEST(_F|_P)?\((\w+), *(\w+)\).*/\2.\3/p' test/*/*_test.cc
        sed -nE 'N; s/^TEST(_F|_P)?\((\w+),\n *(\w+)\).*/\2.\3/p; D' test/*/*_test.cc)
named=$(grep -oE '`[A-Z]\w+\.[A-Z]\w+`' docs/security.md docs/faults.md -h | tr -d '`' | sort -u)
faults=$(sed -n '/^| fault | how/,/^$/p' docs/faults.md | grep '^| `')
rows=$(grep -c '^| ' docs/security.md)
missing=$(comm -23 <(echo "$named") <(echo "$tests" | sort -u))
without=$( (grep -E '^\| ' docs/security.md; echo "$faults") | grep -vE '^\| abuse ' | grep -vE '`[A-Z]\w+\.[A-Z]\w+` \|$|\.mjs` \|$|\.sh` \|$')

[ "$rows" -ge 20 ] || { echo "only $rows rows found"; exit 1; }
[ "$(echo "$faults" | wc -l)" -ge 12 ] || { echo "faults are missing: $faults"; exit 1; }
[ -z "$missing" ] || { echo "no such tests:"; echo "$missing"; exit 1; }
[ -z "$without" ] || { echo "rows without a test:"; echo "$without"; exit 1; }
