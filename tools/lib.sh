# Shared by the scripts beside it; sourced, never run. Leaves the caller in the
# repository's root.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# quietly COMMAND...: runs it and shows what it printed only if it failed.
quietly() {
  local log status=0
  log=$(mktemp) || return 1
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    say "failed with status $status: $*"
  fi
  rm -f "$log"
  return "$status"
}

# build PRESET [TARGET...]: configures a preset and builds the targets, or all.
# A terminal sees the progress, a log only what went wrong.
build() {
  local preset=$1 show=quietly
  shift
  local command=(cmake --build --preset "$preset" --parallel "$(nproc)")
  if [ $# -gt 0 ]; then
    command+=(--target "$@")
  fi
  if [ -t 2 ]; then
    show=
  fi
  quietly cmake --preset "$preset" || return
  $show "${command[@]}" >&2
}
