#!/usr/bin/env bash
# Every Rust test of the workspace, by nextest where there is one. Arguments go to the runner.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v cargo-nextest >/dev/null; then
  exec cargo nextest run --locked --workspace "$@"
fi
exec cargo test --locked --workspace --all-targets
