#!/usr/bin/env bash
# The page's part: compiles roadstead-app to WASM and lets wasm-bindgen write the glue into SITE/pkg.
#   CARGO_TARGET_DIR=target/front scripts/front.sh WASM SITE
set -euo pipefail
cd "$(dirname "$0")/.."
wasm=$1 site=$2
eval "$(scripts/ensure-wasm-target.sh)"
cargo rustc --locked -p roadstead-app --lib --crate-type cdylib --no-default-features --features hydrate \
  --target wasm32-unknown-unknown --profile wasm-release
mkdir -p "$site/pkg"
rm -rf "$site/pkg/snippets"
wasm-bindgen --target web --no-typescript --remove-name-section --out-dir "$site/pkg" --out-name roadstead "$wasm"
# The name that the page asks for when LEPTOS_OUTPUT_NAME was set (.cargo/config.toml).
mv "$site/pkg/roadstead_bg.wasm" "$site/pkg/roadstead.wasm"
