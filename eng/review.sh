#!/usr/bin/env bash
# Builds the reviewers' commands and runs one of them: eng/review.sh SUBCOMMAND [ARG …]
# Paths are relative to the caller's directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
project="$root/eng/PulseMeet.E2E.Review"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! dotnet build "$project" -c Release -v quiet --nologo >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
dotnet "$project/bin/Release/net10.0/PulseMeet.E2E.Review.dll" "$@"
