#!/usr/bin/env bash
# Rebuild on change: watches the sources, rebuilds the page's part when it changed, then the server, and starts it again
# with the same ./data. An error is printed and the old server keeps running.
set -uo pipefail
cd "$(dirname "$0")/.."
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; server=; }; }
trap 'stop; exit 0' INT TERM EXIT
state() { find app server src style public migrations Cargo.toml Cargo.lock -type f -printf '%T@ %p\n' 2>/dev/null | sort | sha256sum; }
seen=
while true; do
  now=$(state)
  if [ "$now" != "$seen" ]; then
    seen=$now
    if make --no-print-directory debug; then
      stop
      "${CARGO_TARGET_DIR:-target}/debug/roadstead" serve &
      server=$!
    fi
  fi
  sleep 1
done
