#!/usr/bin/env bash
# The fuzz targets (server/tests/server/fuzz), as many at a time as there are processors. ROADSTEAD_FUZZ_SECONDS is how long
# each of names, references, ranges, manifests and token scopes is tried: 60 unless it says otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
export ROADSTEAD_FUZZ_SECONDS=${ROADSTEAD_FUZZ_SECONDS:-60}
if command -v cargo-nextest >/dev/null; then
  cargo nextest run --locked --package roadstead-server --test server -E 'test(/^fuzz::/)' "$@"
else
  cargo test --locked --package roadstead-server --test server fuzz:: "$@"
fi
