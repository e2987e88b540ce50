#!/usr/bin/env bash
# Seals a file with samples/SealFile, opens it, reads a range of it, and shows that faults leave no output file behind.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
seal() { dotnet run -c Release --no-build --project "$root/samples/SealFile" -- "$@" 2>>log; }

head -c 3000001 /dev/urandom >plain
seal seal plain sealed
seal open sealed opened --ref sealed.ref
cmp plain opened
seal range sealed 2999000 1001 --ref sealed.ref >range
cmp <(tail -c 1001 plain) range

cp sealed changed
printf 'x' | dd of=changed bs=1 seek=1500000 conv=notrunc status=none
head -c 2000000 sealed >short
for bad in changed short missing; do
  if seal open "$bad" refused --ref sealed.ref; then
    echo "$bad was opened" >&2
    exit 1
  fi
done
if seal range changed 1499000 2000 --ref sealed.ref >refused-range; then
  echo "a changed range was read" >&2
  exit 1
fi
[ ! -s refused-range ]
[ -z "$(find . -name 'refused*' ! -name refused-range)" ]
echo "sealed, opened, ranged; three faults refused without an output file"
