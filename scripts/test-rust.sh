#!/usr/bin/env bash
# Every Rust test of the workspace, by nextest where there is one. Arguments go to the runner.
# With a PostgreSQL the service's tests run a second time, on it; the store's and the server's choose for themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v cargo-nextest >/dev/null; then
  run() { cargo nextest run --locked --workspace "$@"; }
  service() { run -E 'package(roadstead-service)' "$@"; }
else
  run() { cargo test --locked --workspace --all-targets; }
  service() { cargo test --locked --package roadstead-service --all-targets; }
fi
run "$@"
if [ -n "${ROADSTEAD_TEST_POSTGRES_URL:-}" ]; then
  ROADSTEAD_TEST_SERVICE_ON=postgres service "$@"
fi
