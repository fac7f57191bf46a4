#!/usr/bin/env bash
# The page's part: compiles roadstead-app to WASM and lets wasm-bindgen write the glue into SITE/pkg.
#   CARGO_TARGET_DIR=target/front scripts/front.sh WASM SITE
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
wasm=$1 site=$2
eval "$(scripts/ensure-wasm-target.sh)"
cargo rustc --locked -p roadstead-app --lib --crate-type cdylib --no-default-features --features hydrate \
  --target wasm32-unknown-unknown --profile wasm-release
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
wasm-bindgen --target web --no-typescript --remove-name-section --out-dir "$new" --out-name roadstead "$wasm"
# The name that the page asks for when LEPTOS_OUTPUT_NAME was set (.cargo/config.toml).
mv "$new/roadstead_bg.wasm" "$new/roadstead.wasm"
put "$new/roadstead.wasm" "$site/pkg/roadstead.wasm"
put "$new/roadstead.js" "$site/pkg/roadstead.js"
rm -rf "$site/pkg/snippets"
[ ! -d "$new/snippets" ] || cp -R "$new/snippets" "$site/pkg/snippets"
