#!/usr/bin/env bash
# Runs a command that measures: with Debian's wrk, which is installed where it is missing and this is root. Where that can't be
# done the command measures with autocannon, which takes more of the processor from the servers.
set -euo pipefail

if ! command -v wrk >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk; } >/dev/null ||
    echo 'wrk could not be installed' >&2
fi
exec "$@"
