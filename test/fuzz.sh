#!/usr/bin/env bash
# fuzz.sh runs every fuzz target of the module, FUZZTIME for each (10s when not set), or FUZZTOTAL seconds shared among all of them, one
# second at least. It stops at the first target that fails; Go has then written the input below that package's testdata/fuzz. Making an
# input smaller has 100 tries: by default it has a minute, and the whole time would go into the first one.
#
# Before Go 1.27 a run may end in "context deadline exceeded" when its time is over (golang/go#75804). Only that, without a failing input, is
# not a failure of the target.
set -euo pipefail
cd "$(dirname "$0")/.."

# go test -list prints the names of a package's targets, then a line with the package.
list=$(go test -list '^Fuzz' ./...)
targets=$(awk '/^Fuzz/ { name[++n] = $1 } $1 == "ok" { for (i = 1; i <= n; i++) print $2, name[i]; n = 0 }' <<<"$list")
if [ -z "$targets" ]; then
  echo 'there is no fuzz target'
  exit 0
fi
time=${FUZZTIME:-10s}
if [ -n "${FUZZTOTAL:-}" ]; then
  each=$((FUZZTOTAL / $(wc -l <<<"$targets")))
  time=$((each > 1 ? each : 1))s
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while read -r package name; do
  echo "== $package $name, $time"
  if ! go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 100x "$package" </dev/null 2>&1 | tee "$log"; then
    verdict=$(awk '/^--- FAIL/ { told = 1; next } /^(FAIL|exit status)/ { told = 0 } told { sub(/^ +/, ""); printf "%s;", $0 }' "$log")
    [ "$verdict" = 'context deadline exceeded;' ] || exit 1
    echo "   $name ran to the end of its time"
  fi
done <<<"$targets"
