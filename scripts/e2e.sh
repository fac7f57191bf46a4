#!/usr/bin/env bash
# scripts/e2e.sh clients|browser|all: the end-to-end tests of one kind, one file after the other, against the debug binary.
set -euo pipefail
cd "$(dirname "$0")/../end2end"
. ../scripts/lib.sh
case ${1:-all} in
  clients) files=(tests/clients.test.mjs tests/image.test.mjs) ;;
  browser) files=(tests/budget.test.mjs tests/nojs.test.mjs tests/console.test.mjs) ;;
  all) files=(tests/*.test.mjs) ;;
  *) files=("$@") ;;
esac
# A test that fails leaves its server running; the run ends all the same, and what it started ends with it.
run=(node --test --test-force-exit --test-concurrency=1 --test-reporter=spec "${files[@]}")
# The Docker engine wants root. Whoever is not root runs only that part as root, and owns the output afterwards.
if [ "$(id -u)" != 0 ] && [ "${1:-all}" != browser ]; then
  exec sudo --preserve-env=ROADSTEAD_SOAK,CARGO_TARGET_DIR,ROADSTEAD_TEST_BINARY env "PATH=$PATH" "${run[@]}"
fi
exec "${run[@]}"
