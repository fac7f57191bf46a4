#!/usr/bin/env bash
# What building needs and a fresh Debian or Ubuntu may lack. A warm call takes well under a second.
#   a C compiler (apt) · the wasm32 target (ensure-wasm-target.sh) · wasm-bindgen of exactly our version (from its crate)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

command -v cargo >/dev/null || die "no Rust toolchain: install one by rustup first (https://rustup.rs)"
packages=()
command -v cc >/dev/null || packages+=(gcc libc6-dev)
command -v ld >/dev/null || packages+=(binutils)
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
apt_install "${packages[@]}"

scripts/ensure-wasm-target.sh >/dev/null 2>"$TOOLS/ensure-wasm-target.log" || { cat "$TOOLS/ensure-wasm-target.log" >&2; exit 1; }

# The command line tool must be of the same version as the library, which Cargo.lock pins.
want=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
have=$(wasm-bindgen --version 2>/dev/null | awk '{print $2}') || true
if [ "$have" != "$want" ]; then
  say "building wasm-bindgen-cli $want (about two minutes, once)"
  # Without --locked: the crate's own lock file names versions that an index may lack. Without LTO: it halves the time.
  tool_install wasm-bindgen-cli --version "=$want"
fi
