#!/usr/bin/env bash
# Puts SecantusDB into the cache, for the store's contract suite. A program of its own (GPL-2.0): never a dependency.
# `--find-python` only prints a Python that can do it.
set -euo pipefail
version=0.7.0b3
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sonixy-realtime
target=$cache/secantusdb-$version
find_python() {
  local python
  for python in python3 python3.13 python3.12 python3.11 python3.10; do
    "$python" -c 'import sys, pip; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$python" && return
  done
  return 1
}
[ ! -x "$target/bin/secantusd-py" ] || exit 0
if ! python=$(find_python); then
  [ "${1:-}" = --find-python ] || echo 'SecantusDB needs CPython 3.10 to 3.13 with pip' >&2
  exit 1
fi
if [ "${1:-}" = --find-python ]; then
  echo "$python"
  exit 0
fi
echo "installing SecantusDB $version (40 MB)" >&2
mkdir -p "$cache"
work=$(mktemp -d "$target-installing-XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$("$python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
  --only-binary=:all: --target "$work" "secantusdb==$version" 2>&1) || { echo "$log" >&2; exit 1; }
# The rename fails when another install was first: then that one is used.
mv -T "$work" "$target" 2>/dev/null || [ -x "$target/bin/secantusd-py" ]
