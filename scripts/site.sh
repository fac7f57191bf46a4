#!/usr/bin/env bash
# The rest of what the browser loads: style/*.css in byte order as one file, and public/ as it is. scripts/site.sh SITE
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
site=$1
export LC_ALL=C
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
mkdir -p "$new/pkg"
shopt -s nullglob
sheets=(style/*.css)
cat /dev/null "${sheets[@]}" >"$new/pkg/roadstead.css"
[ -z "$(ls -A public 2>/dev/null)" ] || cp -R public/. "$new/"
# What left public/ leaves the site; /pkg/roadstead.{js,wasm} and the snippets are front.sh's.
(cd "$site" && find . -type f ! -path './pkg/*') | while read -r file; do
  [ -e "$new/$file" ] || rm -f "$site/$file"
done
(cd "$new" && find . -type f) | while read -r file; do put "$new/$file" "$site/$file"; done
