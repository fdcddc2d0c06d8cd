#!/bin/sh
# The check is worth something only if it finds faults: each folder of bad/ is a
# small tree with the faults that its file `expected` lists, and good/ has none.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
failures=0
cases=0

# expect TREE STATUS EXPECTED_OUTPUT
expect() {
  status=0
  output=$("$here/check.sh" "$1" 2>&1) || status=$?
  cases=$((cases + 1))
  if [ "$status" -ne "$2" ] || [ "$output" != "$3" ]; then
    failures=$((failures + 1))
    printf '%s: status %s, expected %s\nprinted:\n%s\nexpected:\n%s\n\n' \
      "$1" "$status" "$2" "$output" "$3"
  fi
}

for tree in "$here"/bad/*/; do
  expect "$tree" 1 "$(cat "$tree/expected")"
done
expect "$here/good" 0 "$(cat "$here/good/expected")"

if [ "$cases" -lt 2 ] || [ "$failures" -gt 0 ]; then
  printf '%d of %d trees failed\n' "$failures" "$cases"
  exit 1
fi
printf 'all %d trees gave what was expected\n' "$cases"
