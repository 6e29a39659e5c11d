#!/usr/bin/env bash
# fuzz.sh runs every fuzz target of the module, FUZZTIME for each (10s when not set), or FUZZTOTAL seconds shared among all of them, one
# second at least. It stops at the first target that fails; Go has then written the input below that package's testdata/fuzz. Making an
# input smaller has 100 tries: by default it has a minute, and the whole time would go into the first one.
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
while read -r package name; do
  echo "== $package $name, $time"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 100x "$package" </dev/null
done <<<"$targets"
