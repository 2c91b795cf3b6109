#!/usr/bin/env bash
# What takes too long for every change: each healthy network as the background of each of its
# planted faults, 100 runs at 1, 2 and 5 % loss, and every stored run without each of its parts.
# It needs what `.ci/run` installs. The last line says whether everything was exact.
set -uo pipefail
cd "$(dirname "$0")/.."
export REACH365_NIGHTLY=1 REACH365_PARTS=required

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for part in healthy removal; do
  printf '\n== %s\n' "$part"
  cargo test --test "$part" -- --nocapture 2>&1 | tee -a "$log" || failed=1
done

printf '\n== summary\n'
grep -E '[0-9]+ of [0-9]+ .* exact|false accusations$' "$log"
if [ "$failed" = 0 ]; then echo "nightly: everything exact"; else echo "nightly: NOT everything exact"; fi
exit "$failed"
