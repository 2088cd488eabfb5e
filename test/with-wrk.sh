#!/usr/bin/env bash
# Runs a command that measures: with Debian's wrk, which is installed where it is missing and this is root. Autocannon, which it
# uses where there is no wrk, takes too much of the processor from a server for its ratios to be the same.
set -euo pipefail

if ! command -v wrk >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
fi
exec "$@"
