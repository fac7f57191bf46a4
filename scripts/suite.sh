#!/usr/bin/env bash
# scripts/suite.sh NAME CMD...: runs one suite, prints how long it took, and keeps name, result, minutes and test counts
# in target/suites.tsv for the summary that .ci/run prints. The exit status is the suite's.
# `--step` first: a preparation, whose minutes are kept and which counts as no test.
set -uo pipefail
cd "$(dirname "$0")/.."
step=
[ "$1" != --step ] || { step=1; shift; }
name=$1; shift
mkdir -p target
log=target/suite-$name.log
start=$(date +%s)
printf '=== %s\n' "$name"
"$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
minutes=$(awk -v s="$start" -v e="$(date +%s)" 'BEGIN { printf "%.1f", (e - s) / 60 }')

# Counts as the runners print them: nextest, the test harness (documentation), node.
plain=$(sed 's/\x1b\[[0-9;]*m//g' "$log")
count() { # word
  printf '%s\n' "$plain" | awk -v w="$1" '
    /^ *Summary \[/            { for (i = 2; i <= NF; i++) if ($i ~ "^" w) n += $(i - 1) }
    /^test result: /           { for (i = 2; i <= NF; i++) if ($i ~ "^" w) n += $(i - 1) }
    $1 ~ /^(#|ℹ)$/ && $2 == (w == "passed" ? "pass" : "fail") { n += $3 }
    END { print n + 0 }'
}
passed=$(count passed); failed=$(count failed)
# A check without counts of its own is one test; so is a suite that broke before it could count.
[ "$passed" != 0 ] || [ "$failed" != 0 ] || [ "$status" != 0 ] || [ -n "$step" ] || passed=1
[ "$failed" != 0 ] || [ "$status" = 0 ] || failed=1
[ "$failed" = 0 ] || [ "$status" != 0 ] || status=1
result=ok; [ "$status" = 0 ] || result=FAILED
printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$result" "$minutes" "$passed" "$failed" >>target/suites.tsv
printf '=== %s: %s, %s min, %s passed, %s failed\n' "$name" "$result" "$minutes" "$passed" "$failed"
exit "$status"
