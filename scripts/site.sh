#!/usr/bin/env bash
# The rest of what the browser loads: style/*.css in byte order as one file, and public/ as it is. scripts/site.sh SITE
set -euo pipefail
cd "$(dirname "$0")/.."
site=$1
export LC_ALL=C
mkdir -p "$site/pkg"
shopt -s nullglob
sheets=(style/*.css)
cat /dev/null "${sheets[@]}" >"$site/pkg/roadstead.css"
find "$site" -mindepth 1 -maxdepth 1 ! -name pkg ! -name '.*' -exec rm -rf {} +
[ -z "$(ls -A public 2>/dev/null)" ] || cp -R public/. "$site/"
