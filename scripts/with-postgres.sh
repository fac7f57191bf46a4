#!/usr/bin/env bash
# scripts/with-postgres.sh CMD...: starts a private PostgreSQL in a temporary folder on a free loopback port, runs CMD with
# ROADSTEAD_TEST_POSTGRES_URL, and leaves nothing behind. A cluster that is already given by that variable is used as it is.
set -euo pipefail
if [ -n "${ROADSTEAD_TEST_POSTGRES_URL:-}" ]; then exec "$@"; fi
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1) || true
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)") || { echo "with-postgres: no PostgreSQL (make install-test)" >&2; exit 1; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/roadstead-postgres.XXXXXX")
# PostgreSQL refuses to be root: then it is the user that its package made.
if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as() { runuser -u postgres -- "$@"; }; else as() { "$@"; }; fi
stop() {
  (cd / && as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
(cd / && as "$bin/initdb" -D "$dir/data" -U roadstead --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/../$(basename "$dir").log" 2>&1) \
  || { cat "$dir/../$(basename "$dir").log" >&2; exit 1; }
rm -f "$dir/../$(basename "$dir").log"
# The port is chosen by asking the system for a free one; another process may take it first, so a few are tried.
for _ in 1 2 3 4 5; do
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  # Durability is not under test here, only meaning: fsync off halves the time of the suite.
  if (cd / && as "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" \
        -o "-c listen_addresses=127.0.0.1 -p $port -k $dir -c fsync=off -c max_connections=400 -c shared_buffers=64MB" start >/dev/null); then
    started=1; break
  fi
done
[ -n "${started:-}" ] || { cat "$dir/log" >&2; exit 1; }
export ROADSTEAD_TEST_POSTGRES_URL="postgres://roadstead@127.0.0.1:$port/postgres"
set +e
"$@"
status=$?
exit "$status"
