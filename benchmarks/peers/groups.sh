#!/usr/bin/env bash
# Groups of ts-mls (MIT) and of this library in one run, by turns: benchmarks/peers/groups.sh [ROUNDS]
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
node "$folder/ts-mls.mjs" "$project/bin/Release/net10.0/PulseMeet.E2E.Benchmarks.dll" "$folder/own.json" "${1:-3}"
