#!/usr/bin/env bash
# Runs the compiled tests on the embedded default and, where TEST_DATABASE_URL names one, on a Postgres server: there with
# all tests, and with coverage. Ends with a line `N passed, N failed`.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

run() {
  npx --no-install tap run --reporter=base "$@" 2>&1 | tee "$log"
  local code=${PIPESTATUS[0]}
  # tap closes with a comment as `# { total: 12, pass: 11, fail: 1 }`.
  local summary
  summary=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -oE '\{ total: .*\}' | tail -n 1)
  count() { grep -oE "$1: [0-9]+" <<<"$summary" | grep -oE '[0-9]+' || echo 0; }
  local ok bad
  ok=$(count pass)
  bad=$(count fail)
  if [ "$ok" -eq 0 ] || { [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; }; then bad=$((bad + 1)); fi
  passed=$((passed + ok))
  failed=$((failed + bad))
}

server_url=${TEST_DATABASE_URL:-}

echo '== embedded =='
unset TEST_DATABASE_URL
node dist/test/helpers/template.js
# What needs several connections at once, or a server to stop, is in test/server.
run --disable-coverage $(find dist/test -name '*.test.js' -not -path 'dist/test/server/*' | sort)

if [ -n "$server_url" ]; then
  echo '== Postgres server =='
  export TEST_DATABASE_URL=$server_url
  run $(find dist/test -name '*.test.js' | sort)
else
  echo 'TEST_DATABASE_URL is not set: the tests that need a Postgres server were not run.'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
