#!/usr/bin/env bash
# eng/mutate.sh [ROOM...]: changes the code of a room in every way that dotnet-stryker knows, one change at a time, and counts the changes that
# some test notices. Without a room: all that hold secrets or decide trust. Minutes to an hour a room; not in the test command.
# Ends each room with its figure, and lists the survivors in artifacts/mutation/ROOM.txt. MUTATE_CONCURRENCY is 1 unless set.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
out=$root/artifacts/mutation
mkdir -p "$out"

# What tests a room: its own folder of tests, and those that say what the room decides.
tests_of() {
  case $1 in
    Primitives) echo "Primitives Keys Sealing" ;;
    Keys) echo "Keys Primitives Handshake" ;;
    Identity) echo "Identity Handshake PreKeys" ;;
    PreKeys) echo "PreKeys Handshake" ;;
    Handshake) echo "Handshake" ;;
    Ratchet) echo "Ratchet Handshake" ;;
    Encoding) echo "Encoding Legacy Ratchet" ;;
    Media/Floe) echo "Media" ;;
    *) echo "$1" ;;
  esac
}

# Tests that look at the process, at the sources or at timing by stress say nothing of one changed line, and cost the most.
filter_of() {
  local filter=
  for folder in $(tests_of "$1"); do
    filter="$filter${filter:+|}FullyQualifiedName~PulseMeet.E2E.Tests.$folder."
  done
  echo "($filter)&FullyQualifiedName!~KeysInUse&FullyQualifiedName!~KeysInMemory&FullyQualifiedName!~in_one_place_alone"
}

rooms=("$@")
if [ ${#rooms[@]} -eq 0 ]; then
  rooms=(Primitives Encoding Keys Identity Derivation Sealing PreKeys Handshake Ratchet Media/Floe)
fi

dotnet tool restore >/dev/null
cd tests/PulseMeet.E2E.Tests
for room in "${rooms[@]}"; do
  [ -d "$root/src/PulseMeet.E2E/$room" ] || { echo "There is no room $room." >&2; exit 2; }
  name=${room//\//-}
  sed -e "s|@ROOM@|$room|" -e "s|@NAME@|$name|" -e "s|@FILTER@|$(filter_of "$room" | sed 's/[&|]/\\&/g')|" \
    "$root/eng/mutation.json" >"$out/$name.config.json"
  nice dotnet stryker --config-file "../../artifacts/mutation/$name.config.json" --output "$out/$name" \
    --concurrency "${MUTATE_CONCURRENCY:-1}" --verbosity warning >"$out/$name.log" 2>&1 || { tail -n 20 "$out/$name.log"; exit 1; }
  python3 "$root/eng/mutation-report.py" "$out/$name/reports/$name.json" "$out/$name.txt" "$room"
done
