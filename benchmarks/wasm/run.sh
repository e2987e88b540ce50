#!/usr/bin/env bash
# Builds the library for browser-wasm, runs it in a headless Chromium, and holds the derivation budget there.
# Needs the .NET 10 SDK (no workload) and Node.js; installs Debian's Chromium where there is none.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
calls=${1:-1000}

if ! command -v node >/dev/null; then
  echo "Skipped: the WebAssembly run needs Node.js." && exit 0
fi

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium."
  sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
  $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null
  browser=$(command -v chromium || true)
fi

if [ -z "$browser" ]; then
  echo "Skipped: no Chromium here and no apt-get to install it with." && exit 0
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
dotnet publish "$here/PulseMeet.E2E.Wasm.csproj" -c Release -v quiet --nologo -o "$out"
mkdir -p "$here/../results"
node "$here/run.mjs" "$out/wwwroot" "$browser" "$here/../budgets.json" "$here/../results/wasm.json" "$calls"
