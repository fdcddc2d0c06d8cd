#!/usr/bin/env bash
# Builds everything in the release preset and runs the tests. Arguments go to
# ctest: tools/test.sh -R cron
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

"$here/setup.sh" --with-tests
. "$here/lib.sh"

say "building (the first time takes a few minutes)"
build release

exec ctest --test-dir build/release --no-tests=error --output-on-failure -j2 \
  "$@" </dev/null
