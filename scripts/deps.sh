#!/usr/bin/env bash
# All that the tests need. What cannot be had here is named, and the tests that need it say so again.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install.sh
export PATH="$PWD/node_modules/.bin:$PATH"

packages=$(bash scripts/debian-packages.sh --missing)
if [ -n "$packages" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "not a Debian: please install what these packages hold: $packages" >&2
  elif [ "$(id -u)" = 0 ]; then
    bash scripts/debian-packages.sh
  else
    printf 'Debian packages are missing (%s). Run this once:\n  sudo bash %s/scripts/debian-packages.sh\n' "$packages" "$PWD" >&2
  fi
fi

if command -v java >/dev/null; then
  node test/dev-env/mongodev-build.ts || echo 'MongoDev could not be built' >&2
fi
bash scripts/secantus.sh || echo 'SecantusDB could not be installed' >&2
node test/cluster/requirements.ts
