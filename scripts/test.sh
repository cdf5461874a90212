#!/usr/bin/env bash
# Runs the tests whose path matches an argument, or all, and ends with one line that counts them.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
vitest run --reporter=default --reporter=json --outputFile.json="$results" "$@"
node test/reporter/summary.ts "$results" $?
