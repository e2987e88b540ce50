#!/usr/bin/env bash
# Groups of ts-mls (MIT), sender keys of libsignal and groups of this library in one run, by turns: benchmarks/peers/groups.sh [ROUNDS [SIZES]]
# (3 rounds; 10,100: ts-mls takes minutes for 1,000). Writes results/groups-peers.json, the table of benchmarks/README.md and results/groups-peers.svg.
# Needs the .NET 10 SDK, Node.js 20 and npm; installs ts-mls into a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
project="$root/benchmarks/PulseMeet.E2E.Benchmarks"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$root/eng/mls-interop/package.json" "$here/ts-mls.mjs" "$folder"
(cd "$folder" && npm install --silent --no-audit --no-fund)
dotnet build "$project" -c Release -v quiet --nologo
libsignal=$here/libsignal-groups.mjs
if ! (cd "$here" && npm install --no-audit --no-fund --silent) \
  || ! (cd "$here" && node -e "import('@signalapp/libsignal-client').catch(() => process.exit(1))"); then
  echo "Skipped: libsignal's package does not run here."
  libsignal=
fi

node "$folder/ts-mls.mjs" "$project/bin/Release/net10.0/PulseMeet.E2E.Benchmarks.dll" "$folder/own.json" "${1:-3}" "${2:-10,100}" \
  "$root/benchmarks/results/groups-peers.json" "$libsignal"
node "$root/benchmarks/report.mjs"
