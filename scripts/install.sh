#!/usr/bin/env bash
# Installs the npm packages of package-lock.json, unless exactly these are there.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=node_modules/.installed-package-lock.json
cmp -s package-lock.json "$stamp" && exit 0

# Not the Node of node_modules, which npm is about to replace.
PATH=${PATH//"$PWD/node_modules/.bin:"/}
if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  echo "Node 20 or newer with npm is needed: https://nodejs.org" >&2
  exit 1
fi
echo 'installing npm packages…' >&2
npm ci --loglevel=error --no-progress >&2
case $(node_modules/.bin/node --version 2>/dev/null) in
  v2[4-9].*) cp package-lock.json "$stamp" ;;
  *)
    echo 'npm did not install Node 24: are install scripts switched off (npm config get ignore-scripts)?' >&2
    exit 1
    ;;
esac
