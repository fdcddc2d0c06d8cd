#!/bin/sh
# Checks the includes of every header and source in ROOT (default: this tree)
# against rules.txt. Prints a line `FILE:LINE: message` for each fault and ends
# with 1 if there is one.
#
# Beside the table: an include in quotes names a file from the root, angle
# brackets name no file of ours, a header has `#pragma once`, and a source
# includes its own header before any other.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd -- "${1:-$here/../..}"

files=$(find jobs queue actors extensions tools tests bench \
  -path tests/layering -prune -o \
  -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' \) -print \
  2>/dev/null | LC_ALL=C sort)
if [ -z "$files" ]; then
  echo "layering: no sources in $(pwd)" >&2
  exit 2
fi
# shellcheck disable=SC2086 # one word per file
awk -f "$here/check.awk" "$here/rules.txt" $files
