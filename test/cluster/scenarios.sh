#!/usr/bin/env bash
# The platform as it is installed on the cluster that KUBECONFIG names; kubectl is on PATH. ENVIRONMENT is whose dist/ was
# applied, kind by default; ROUNDS is how often everything is killed and rolled out under traffic, once by default. At the end
# it uninstalls and installs again: not for a cluster that people use.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node test/cluster/scenarios/main.ts
