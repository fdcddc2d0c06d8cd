#!/usr/bin/env bash
# Installs what jobq is built with on Debian 12, and only what is missing.
# docs/dependencies.md has the reason for each package.
set -euo pipefail

usage() {
  cat <<'END'
usage: tools/setup.sh [--with-tests] [--with-clang]

  (nothing)      what configuring and building needs
  --with-tests   and the programs that tests call
  --with-clang   and the second compiler, which .ci/run builds with
END
}

# All that the release preset looks for when it configures.
packages=(
  build-essential g++ cmake ninja-build ccache pkg-config git
  libcaf-dev librocksdb-dev libprotobuf-dev protobuf-compiler
  libyaml-cpp-dev libcxxopts-dev libexpected-dev
  libjemalloc-dev tzdata
  libsoci-dev libsqlite3-dev libpq-dev libssl-dev
  libspdlog-dev libfmt-dev nlohmann-json3-dev libboost1.81-dev
  libgtest-dev libbenchmark-dev
)
test_packages=(python3 sqlite3 curl)
clang_packages=(clang)

for argument; do
  case $argument in
    --with-tests) packages+=("${test_packages[@]}") ;;
    --with-clang) packages+=("${clang_packages[@]}") ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Prints those of the arguments that dpkg does not know as installed.
missing_of() {
  local installed
  installed=$(dpkg-query -W -f='${binary:Package} ${db:Status-Status}\n' "$@" \
    2>/dev/null | sed -n 's/\(:[a-z0-9]*\)\{0,1\} installed$//p') || true
  printf '%s\n' "$@" | grep -vxF -e "$installed" || true
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "apt-get is not here. jobq builds on Debian 12; elsewhere, install the" \
    "counterparts of: ${packages[*]}"
fi

mapfile -t missing < <(missing_of "${packages[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root, and no sudo. Run as root:" \
      "apt-get install ${missing[*]}"
    root=(sudo)
  fi
  apt() {
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
      -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
  }
  say "installing ${missing[*]}"
  quietly apt update || die "apt-get update failed: is the network there?"
  quietly apt install --yes --no-install-recommends "${missing[@]}" \
    || die "could not install: is this Debian 12, and is the network there?"
fi

compiler=$(g++ -dumpversion)
[ "${compiler%%.*}" -ge 12 ] || die "g++ 12 or newer is needed, found $compiler"
