#!/usr/bin/env bash
# Sets up what the tests need, builds everything, runs every test, and ends with the line «N passed, N failed».
# Needs the .NET 10 SDK; installs the rest (a C linker for the ahead-of-time smoke test) where it is missing.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0

finish() {
  echo "$passed passed, $failed failed"
  if [ "$failed" -ne 0 ] || [ "$passed" -eq 0 ]; then exit 1; fi
  exit 0
}

# One check that is a program of its own: passes if the program exits with 0.
check() {
  local name=$1
  shift
  if "$@" >"$results/check.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $name"
  else
    failed=$((failed + 1))
    echo "FAIL  $name"
    tail -n 40 "$results/check.log"
  fi
}

if ! command -v dotnet >/dev/null; then
  echo "The .NET 10 SDK is missing: https://dotnet.microsoft.com/download" >&2
  failed=1
  finish
fi

if ! command -v clang >/dev/null && ! command -v gcc >/dev/null; then
  echo "Installing a C linker for the ahead-of-time smoke test."
  sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
  $sudo apt-get update -qq && $sudo apt-get install -y -qq clang >/dev/null
fi

echo "Building."
if ! dotnet build PulseMeet.E2E.sln -c Release -v quiet --nologo; then
  failed=1
  finish
fi

# Runs the projects of one lane one after the other; what each says is kept, and printed when all are through.
lane() {
  local project
  for project in "$@"; do
    local name
    name=$(basename "$project" .csproj)
    dotnet test "$project" -c Release --no-build --nologo -v quiet \
      --logger "trx;LogFileName=$results/$name.trx" >"$results/$name.log" 2>&1
  done
}

# Those with a database, and those that talk over sockets, wait half of the time: beside them the others compute, and the programs run.
database=()
sockets=()
others=()
projects=(tests/*Tests/*.csproj samples/AppTests/AppTests.csproj)
for project in "${projects[@]}"; do
  case $(basename "$project") in
    *Sql*) database+=("$project") ;;
    *AspNetCore* | *Hosting* | *Client*) sockets+=("$project") ;;
    *) others+=("$project") ;;
  esac
done
lane "${database[@]}" &
lane "${sockets[@]}" &
lane "${others[@]}" &

check "the quick start tells its story" dotnet run --no-build -c Release --project samples/QuickStart
check "the README's quickstart runs" dotnet run --no-build -c Release --project samples/Readme
check "an app on a generic host has two accounts, and stops cleanly" dotnet run --no-build -c Release --project samples/DependencyInjection
check "a pulse chat tells its story" dotnet run --no-build -c Release --project samples/PulseChat
check "the guide's snippets run" dotnet run --no-build -c Release --project samples/Guide
check "real files are sealed, opened and ranged, and faults leave nothing behind" eng/sealfile.sh
check "the legacy fixtures verify" eng/verify-legacy.sh tests/PulseMeet.E2E.Tests/Fixtures/legacy.json
if [ -d ../shared/mls-vectors ]; then
  check "the official MLS vectors pass" eng/mls-vectors.sh ../shared/mls-vectors
fi
rid=$(dotnet --info | sed -n 's/^ *RID: *//p' | head -n 1)
check "publishes ahead of time without a warning" \
  dotnet publish tests/PulseMeet.E2E.AotSmoke -c Release -r "${rid:-linux-x64}" -o "$results/aot" -v quiet --nologo
check "runs ahead of time" "$results/aot/PulseMeet.E2E.AotSmoke"
check "runs ahead of time on the managed backends" env PULSEMEET_E2E_BACKEND=managed "$results/aot/PulseMeet.E2E.AotSmoke"
wait
for project in "${projects[@]}"; do
  name=$(basename "$project" .csproj)
  cat "$results/$name.log"
  counters=$(grep -o '<Counters [^>]*>' "$results/$name.trx" 2>/dev/null || true)
  if [ -z "$counters" ]; then
    echo "FAIL  $name did not run"
    failed=$((failed + 1))
    continue
  fi
  total=$(sed 's/.*total="\([0-9]*\)".*/\1/' <<<"$counters")
  ok=$(sed 's/.*passed="\([0-9]*\)".*/\1/' <<<"$counters")
  skipped=$(sed 's/.*notExecuted="\([0-9]*\)".*/\1/' <<<"$counters")
  passed=$((passed + ok))
  failed=$((failed + total - ok - skipped))
done

finish
