#!/usr/bin/env bash
# eng/mutate.sh [--again] [ROOM...]: changes the code of a room in every way that eng/PulseMeet.E2E.Mutate knows, one change at a time, and counts the
# changes that some test notices. Without a room: all that hold secrets or decide trust. Not in the test command.
# With --again, what the count before noticed counts as noticed, and only the rest is tried: for tests that came since.
# Ends each room with its figure, and lists in artifacts/mutation/ROOM.txt the changes that nothing notices.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
out=$root/artifacts/mutation
bin=$out/bin

# What tests a room: its own folder of tests, and those that say what the room decides.
tests_of() {
  case $1 in
    Primitives) echo "Primitives Keys Sealing Messaging.SecureKeyExchangeIsLookedAt" ;;
    Keys) echo "Keys Primitives Handshake" ;;
    Identity) echo "Identity Handshake PreKeys Vectors" ;;
    PreKeys) echo "PreKeys Handshake Vectors Diagnostics" ;;
    Handshake) echo "Handshake PreKeys Vectors" ;;
    Ratchet) echo "Ratchet Handshake Vectors Diagnostics" ;;
    Encoding) echo "Encoding Legacy Ratchet" ;;
    Sealing) echo "Sealing Primitives.Zeroing Vectors" ;;
    Derivation) echo "Derivation Vectors Diagnostics" ;;
    Media | Media/Floe | Media/Digests) echo "Media" ;;
    *) echo "$1" ;;
  esac
}

# Tests that look at the whole process or repeat one thing under stress cost the most and say nothing of one changed line.
filter_of() {
  local filter='!.Any_changed_value_is_noticed|!.KeysInUse.|!.KeysInMemory.|!.In_the_rooms_of_the_keys|!.Wycheproof'
  for folder in $(tests_of "$1"); do
    filter="$filter|PulseMeet.E2E.Tests.$folder."
  done
  echo "$filter"
}

mode=room
if [ "${1:-}" = --again ]; then
  mode=again
  shift
fi
rooms=("$@")
if [ ${#rooms[@]} -eq 0 ]; then
  rooms=(Encoding Derivation Keys Handshake Sealing Media/Floe Identity PreKeys Primitives Ratchet)
fi

mkdir -p "$out"
for project in tests/PulseMeet.E2E.Tests eng/PulseMeet.E2E.Mutate; do
  dotnet build "$project" -c Release -v quiet --nologo
done
tool=$root/eng/PulseMeet.E2E.Mutate/bin/Release/net10.0
for room in "${rooms[@]}"; do
  [ -d "src/PulseMeet.E2E/$room" ] || { echo "There is no room $room." >&2; exit 2; }
  rm -rf "$bin"
  cp -r tests/PulseMeet.E2E.Tests/bin/Release/net10.0 "$bin"
  cp "$tool"/PulseMeet.E2E.Mutate.dll "$bin"
  nice dotnet "$tool/PulseMeet.E2E.Mutate.dll" "$mode" "$root" "$bin" "$room" "$(filter_of "$room")"
done
