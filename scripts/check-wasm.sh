#!/usr/bin/env bash
# What becomes WASM, under the same lints, for the target it is for. The profile is that of the build, so that build
# scripts and procedural macros are compiled once for both.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(scripts/ensure-wasm-target.sh)"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/front
exec cargo clippy --locked -p roadstead -p roadstead-view -p roadstead-app --lib --no-default-features --features roadstead-app/hydrate \
  --target wasm32-unknown-unknown --profile wasm-release -- -D warnings
