#!/usr/bin/env bash
# generated.sh fails when `make golden docs` changes a file: what is generated would differ from what is committed. It compares the state
# before with the state after, so that it can be run with changes of one's own in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

state() { git diff --binary; git ls-files -o --exclude-standard -z | xargs -0 -r sha256sum; }

before=$(state | sha256sum)
make --no-print-directory golden docs
if [ "$before" != "$(state | sha256sum)" ]; then
  echo 'generated files were out of date; they have been rewritten: review and commit them' >&2
  git status --short >&2
  exit 1
fi
