#!/usr/bin/env bash
# Runs a command with TEST_DATABASE_URL set: as it is, or naming a server that is started for the command alone, from the
# machine's own binaries, as an unprivileged user, in a temporary folder, reachable over a socket in it only.
set -euo pipefail

if [ -n "${TEST_DATABASE_URL:-}" ]; then exec "$@"; fi

binaries=$(pg_config --bindir 2>/dev/null || true)
[ -x "$binaries/initdb" ] || binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ ! -x "$binaries/initdb" ]; then
  echo 'No Postgres server: set TEST_DATABASE_URL to one, or install one (Debian: apt-get install postgresql).' >&2
  exit 1
fi

folder=$(mktemp -d)
as_user=()
if [ "$(id -u)" = 0 ]; then
  # Postgres refuses to run as root.
  chown nobody "$folder"
  as_user=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups env HOME="$folder")
fi

stop() {
  (cd "$folder" && "${as_user[@]}" "$binaries/pg_ctl" --pgdata="$folder/data" --mode=immediate stop) >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT

(
  cd "$folder"
  "${as_user[@]}" "$binaries/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync
  "${as_user[@]}" "$binaries/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait start \
    --options="-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=200"
) >"$folder/start" 2>&1 || { cat "$folder/start" "$folder/log" >&2; exit 1; }

export TEST_DATABASE_URL="postgres://postgres@localhost/postgres?host=$folder"
"$@"
