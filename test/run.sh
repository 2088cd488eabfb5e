#!/usr/bin/env bash
# Runs the compiled tests, with coverage, and ends with a line `N passed, N failed`.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
npx --no-install tap run "$@" 2>&1 | tee "$log"
code=${PIPESTATUS[0]}

# tap closes with a comment as `# { total: 12, pass: 11, fail: 1 }`.
summary=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oE '# \{ total: .*\}' | tail -n 1)
count() { grep -oE "$1: [0-9]+" <<<"$summary" | grep -oE '[0-9]+' || echo 0; }
passed=$(count pass)
failed=$(count fail)
if [ "$passed" -eq 0 ] || { [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; }; then failed=$((failed + 1)); fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
