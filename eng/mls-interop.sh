#!/usr/bin/env bash
# This library and ts-mls as members of the same groups: eng/mls-interop.sh [SEEDS [STEPS]]
# Needs Node.js 20 and npm; installs ts-mls (MIT) into a temporary folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$root/eng/mls-interop/peer.mjs" "$root/eng/mls-interop/package.json" "$folder"
(cd "$folder" && npm install --silent --no-audit --no-fund)
"$root/eng/review.sh" mls-interop "$folder" "${1:-3}" "${2:-150}"
