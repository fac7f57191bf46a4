#!/usr/bin/env bash
# What the tests need: PostgreSQL, Chromium with Chinese fonts, a Docker engine, skopeo, node with our two packages,
# cargo-nextest. A warm call takes well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

packages=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
command -v chromium >/dev/null || [ -n "${ROADSTEAD_TEST_CHROMIUM:-}" ] || packages+=(chromium)
fc-list :lang=zh 2>/dev/null | grep -q . || packages+=(fonts-noto-cjk fontconfig)
command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] || packages+=(docker.io)
command -v docker >/dev/null || packages+=(docker.io)
command -v skopeo >/dev/null || packages+=(skopeo)
command -v strace >/dev/null || packages+=(strace)
command -v runuser >/dev/null || packages+=(util-linux)
command -v node >/dev/null || packages+=(nodejs npm)
apt_install "${packages[@]}"

stamp=end2end/node_modules/.roadstead-stamp
if ! cmp -s end2end/package-lock.json "$stamp" 2>/dev/null; then
  (cd end2end && npm ci --no-audit --no-fund --loglevel=error)
  cp end2end/package-lock.json "$stamp"
fi

command -v cargo-nextest >/dev/null || {
  say "building cargo-nextest (a few minutes, once)"
  tool_install cargo-nextest --locked || say "no cargo-nextest: cargo test runs the tests, more slowly"
}
