#!/usr/bin/env bash
# scripts/e2e.sh clients|browser|all: the end-to-end tests of one kind, one file after the other, against the debug binary.
set -euo pipefail
cd "$(dirname "$0")/../end2end"
. ../scripts/lib.sh
export ROADSTEAD_TOOLS=$TOOLS
case ${1:-all} in
  clients) files=(tests/clients.test.mjs tests/clients-matrix.test.mjs tests/login-commands.test.mjs tests/management.test.mjs tests/proxy.test.mjs tests/limits.test.mjs tests/self-signed.test.mjs tests/image.test.mjs tests/upload.test.mjs tests/scale.test.mjs) ;;
  browser) files=(tests/budget.test.mjs tests/nojs.test.mjs tests/console.test.mjs tests/served.test.mjs tests/long-term.test.mjs tests/people.test.mjs tests/journeys.test.mjs tests/live.test.mjs) ;;
  all) files=(tests/*.test.mjs) ;;
  *) files=("$@") ;;
esac
run=(node --test --test-concurrency=1 --test-reporter=spec "${files[@]}")
# The Docker engine wants root. Whoever is not root runs only that part as root, and owns the output afterwards.
if [ "$(id -u)" != 0 ] && [ "${1:-all}" != browser ]; then
  exec sudo --preserve-env=ROADSTEAD_SOAK,ROADSTEAD_TOOLS,ROADSTEAD_TEST_BINARY,ROADSTEAD_TEST_CLIENTS,CARGO_TARGET_DIR env "PATH=$PATH" "${run[@]}"
fi
exec "${run[@]}"
