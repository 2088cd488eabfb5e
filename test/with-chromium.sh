#!/usr/bin/env bash
# Runs a command in which the tests of the browser may not be skipped: with the Chromium that CHROMIUM names, or Debian's,
# which is installed where it is missing and this is root.
set -euo pipefail

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi
CI_BROWSER=required exec "$@"
