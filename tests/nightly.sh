#!/usr/bin/env bash
# What takes too long for every change: each healthy network as the background of each of its
# planted faults, 100 runs at 1, 2 and 5 % loss, every stored run without each of its parts, every
# pair of features, and what changed in the public API since the last tag, which fails nothing.
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

printf '\n== features\n'
cargo hack --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-hack
cargo hack check --quiet --feature-powerset --depth 2 || failed=1

printf '\n== public API\n'
if tag=$(git describe --tags --abbrev=0 2>/dev/null); then
  cargo semver-checks --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-semver-checks
  cargo semver-checks --baseline-rev "$tag" || echo "changed since $tag: for information until 1.0"
else
  echo "there is no tag to compare with"
fi

printf '\n== summary\n'
grep -E '[0-9]+ of [0-9]+ .* exact|false accusations$' "$log"
if [ "$failed" = 0 ]; then echo "nightly: everything exact"; else echo "nightly: NOT everything exact"; fi
exit "$failed"
