#!/usr/bin/env bash
# Measures this library and its peers side by side, three rounds by turns, and writes results/peers.json, the tables of
# benchmarks/README.md and the charts. Needs the .NET 10 SDK; a peer that the machine has not is skipped with a word.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
benchmarks=$(dirname "$here")
rounds=${1:-3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

project="$benchmarks/PulseMeet.E2E.Benchmarks"
dotnet build "$project" -c Release -v quiet --nologo
own="$project/bin/Release/net10.0/PulseMeet.E2E.Benchmarks.dll"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "Skipped: libsignal and the tables need Node.js and npm." && exit 0
fi

libsignal=yes
if ! (cd "$here" && npm install --no-audit --no-fund --silent); then
  echo "Skipped: libsignal's package does not install here."
  libsignal=no
elif ! (cd "$here" && node -e "import('@signalapp/libsignal-client').catch(() => process.exit(1))"); then
  echo "Skipped: libsignal's package has no native build for this machine."
  libsignal=no
fi

for round in $(seq "$rounds"); do
  echo "Round $round of $rounds."
  if [ "$libsignal" = yes ]; then node "$here/libsignal.mjs" >"$out/libsignal-$round.json"; fi
  dotnet "$own" --peers --json "$out/own-$round.json"
  if command -v openssl >/dev/null; then node "$here/openssl.mjs" >"$out/openssl-$round.json"; fi
done

command -v openssl >/dev/null || echo "Skipped: no OpenSSL command here."
mkdir -p "$benchmarks/results"
node "$here/merge.mjs" "$out" "$benchmarks/results/peers.json"
node "$benchmarks/report.mjs"
