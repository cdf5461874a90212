#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are missing; needs root for that. `--missing` only lists them.
set -euo pipefail
packages=()
need() { # package, then a test for what it brings
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || packages+=("$package")
}
has() {
  local command
  for command; do PATH=$PATH:/usr/sbin:/sbin command -v "$command" && return; done
  return 1
}
has_python_with_pip() {
  bash "$(dirname "$0")/secantus.sh" --find-python
}
need rabbitmq-server test -x /usr/lib/rabbitmq/bin/rabbitmq-server
need redis-server has redis-server
need haproxy has haproxy
need chromium has chromium google-chrome
need default-jdk-headless has javac
need maven has mvn
need iproute2 has ip
need nftables has nft
need openssl has openssl
need curl has curl
need fonts-dejavu-core test -d /usr/share/fonts/truetype
need python3-pip has_python_with_pip

if [ "${1:-}" = --missing ]; then
  echo "${packages[*]}"
  exit 0
fi
[ ${#packages[@]} -gt 0 ] || exit 0
echo "installing Debian packages: ${packages[*]}" >&2

# Packaged servers would start at once and take the usual ports.
policy=/usr/sbin/policy-rc.d
kept=$(mktemp -u "$policy.XXXXXX")
[ ! -e "$policy" ] || mv "$policy" "$kept"
restore() {
  rm -f "$policy"
  [ ! -e "$kept" ] || mv "$kept" "$policy"
}
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -q -o DPkg::Lock::Timeout=300)
"${apt[@]}" update >&2
"${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2
