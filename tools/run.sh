#!/usr/bin/env bash
# Builds jobqd and jobq, and runs the server in the foreground with the sample
# configuration and its data in ./var. Arguments go to jobqd.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

"$here/setup.sh"
. "$here/lib.sh"

say "building (the first time takes a few minutes)"
build release jobqd jobq

say "starting jobqd; in another terminal: build/release/bin/jobq list"
exec build/release/bin/jobqd --config services/config/config.yaml \
  --data ./var "$@"
