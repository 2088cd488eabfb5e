#!/usr/bin/env bash
# Runs the compiled tests on the embedded default and, where TEST_DATABASE_URL names one, on a Postgres server. With a server,
# what the store does not matter to runs once, with it. Ends with a line `N passed, N failed`.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

count() { sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '# \{ total: ' | tail -n 1 | grep -oE "$1: [0-9]+" | grep -oE '[0-9]+' || echo 0; }

run() {
  # tap's own reporters take as long as the tests. What is fine is not printed.
  npx --no-install tap run --reporter=tap "$@" 2>&1 | tee "$log" | grep -vE '^ *(ok |[0-9]+\.\.[0-9]+|# Subtest|# time|$)'
  local code=${PIPESTATUS[0]} bad
  # tap closes with a comment as `# { total: 12, pass: 11, fail: 1 }`; missing coverage fails without one.
  bad=$(count fail)
  if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  passed=$((passed + $(count pass)))
  failed=$((failed + bad))
}

all=$(find dist/test -name '*.test.js' | sort)
# What needs several connections at once, or a server to stop, is in test/server.
embedded=$(grep -v '^dist/test/server/' <<<"$all")
# Each of these has both engines in itself, or none.
once='^dist/test/(browser|embedded|package|readme)'
# HTTP is the same on both, and so is what others make of the contract. The sources have no store.
with_store=$(grep -lE 'helpers/(database|directory)\.js' $embedded | grep -vE "$once|^dist/test/(http/|contract/(collection|readers)|architecture)")

node dist/test/helpers/template.js
if [ -n "${TEST_DATABASE_URL:-}" ]; then
  echo '== embedded =='
  TEST_DATABASE_URL='' run --disable-coverage $with_store
  echo '== Postgres server =='
  run $all
else
  run --disable-coverage $embedded
  echo 'TEST_DATABASE_URL is not set: the tests that need a Postgres server were not run.'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
