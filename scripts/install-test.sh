#!/usr/bin/env bash
# What the tests need: PostgreSQL, Chromium with Chinese fonts, a Docker engine, podman, buildah, skopeo, containerd, nginx,
# node with our two packages, Python with those of end2end/requirements.txt, cargo-nextest. A warm call takes well under a
# second.
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
command -v podman >/dev/null || packages+=(podman)
command -v buildah >/dev/null || packages+=(buildah)
# docker.io brings it along.
command -v ctr >/dev/null || packages+=(containerd)
command -v nginx >/dev/null || packages+=(nginx)
command -v openssl >/dev/null || packages+=(openssl)
command -v strace >/dev/null || packages+=(strace)
command -v runuser >/dev/null || packages+=(util-linux)
command -v node >/dev/null || packages+=(nodejs npm)
# Debian's own Python, whatever else is first in the path; ensurepip is a package of its own there.
python=/usr/bin/python3
[ -x "$python" ] || packages+=(python3)
[ -x "$python" ] && "$python" -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
apt_install "${packages[@]}"

[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || die "node 18 or newer is needed, this one is $(node --version)"
stamp=end2end/node_modules/.roadstead-stamp
if ! cmp -s end2end/package-lock.json "$stamp" 2>/dev/null; then
  (cd end2end && npm ci --no-audit --no-fund --loglevel=error)
  cp end2end/package-lock.json "$stamp"
fi

stamp=$TOOLS/python/.roadstead-stamp
if ! cmp -s end2end/requirements.txt "$stamp" 2>/dev/null; then
  rm -rf "$TOOLS/python"
  "$python" -m venv "$TOOLS/python"
  "$TOOLS/python/bin/pip" install --quiet --disable-pip-version-check --requirement end2end/requirements.txt
  cp end2end/requirements.txt "$stamp"
fi

command -v cargo-nextest >/dev/null || {
  say "building cargo-nextest (a few minutes, once)"
  tool_install cargo-nextest --locked || say "no cargo-nextest: cargo test runs the tests, more slowly"
}
