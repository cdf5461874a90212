#!/bin/sh
# ENTRYPOINT of mongo:8: first argument "-…" means mongod. MONGO_INITDB_* make users on an empty volume there: refused
# here, since on a member that is not the first they veto rs.initiate.
set -eu
[ -z "${MONGO_INITDB_ROOT_USERNAME:-}" ] || { echo 'error: MONGO_INITDB_ROOT_USERNAME is not imitated' >&2; exit 1; }
case ${1:-mongod} in -*) set -- mongod "$@" ;; esac
if [ "${1:-mongod}" = mongod ]; then
  [ $# -eq 0 ] || shift
  # The image's default.
  case " $* " in *' --dbpath'*) ;; *) set -- --dbpath /data/db "$@" ;; esac
  exec sh /usr/local/bin/mongod "$@"
fi
exec "$@"
