#!/usr/bin/env bash
# Writes what is public and not listed yet into each project's PublicAPI.Unshipped.txt. Read the diff before committing it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for project in src/*/*.csproj; do
  [ -f "$(dirname "$project")/PublicAPI.Unshipped.txt" ] || continue
  dotnet format analyzers "$project" --diagnostics RS0016 RS0017 --severity info
done
