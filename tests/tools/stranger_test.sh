#!/usr/bin/env bash
# A stranger builds a library of job functions outside the tree, with the ten
# lines of CMake of docs/extensions.md, and has its function run. Both files are
# taken from that page.
#   stranger_test.sh BUILD_DIRECTORY DOCS_PAGE
set -euo pipefail
build=$1
page=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block LANGUAGE: the page's first block of code in that language
block() {
  awk -v start="\`\`\`$1" '
    $0 == start && !done { inside = 1; next }
    $0 == "```" && inside { inside = 0; done = 1 }
    inside' "$page"
}

cmake --install "$build" --prefix "$work/prefix" --component extension >/dev/null
mkdir "$work/hello"
block cpp >"$work/hello/hello.cpp"
block cmake >"$work/hello/CMakeLists.txt"
[ "$(grep -c . "$work/hello/CMakeLists.txt")" -le 10 ]
cmake -S "$work/hello" -B "$work/hello/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  >/dev/null
cmake --build "$work/hello/build" >/dev/null

block yaml >"$work/config.yaml"
cd "$work"
jobq=("$build/bin/jobq" --config config.yaml --data data)
"${jobq[@]}" check
"${jobq[@]}" run greet | tee run.txt
grep -q "greeted Ann" run.txt
