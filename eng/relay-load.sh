#!/usr/bin/env bash
# samples/Relay under load: 1,000 clients in two processes, over HTTP, against one relay on a SQLite file, or two relays on one PostgreSQL
# (with fsync). At each quarter of the time something is killed and started again: a relay, then PostgreSQL (on SQLite the relay once
# more), then a relay. Prints one line of JSON; fails where a message that was accepted did not arrive, or one came twice after it was
# acknowledged.
#   eng/relay-load.sh sqlite|postgres [--clients 1000] [--processes 2] [--relays 2] [--seconds 120] [--pause 4000] [--size 600]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
store=${1:-}
[ "$store" = sqlite ] || [ "$store" = postgres ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
shift
dotnet build "$root/benchmarks/PulseMeet.E2E.RelayLoad" -c Release -v quiet --nologo >&2
dir=$(mktemp -d /tmp/pulsemeet-load.XXXXXX)
run() { dotnet "$root/benchmarks/PulseMeet.E2E.RelayLoad/bin/Release/net10.0/PulseMeet.E2E.RelayLoad.dll" run "$@"; }
if [ "$store" = sqlite ]; then
  trap 'rm -rf "$dir"' EXIT
  run --sqlite "$dir/relay.db" --relays 1 "$@"
else
  trap '"$root/eng/postgres.sh" stop "$dir" >/dev/null 2>&1' EXIT
  connection=$(PULSEMEET_E2E_FSYNC=on "$root/eng/postgres.sh" start "$dir" 2>/dev/null)
  run --postgres "$connection;Maximum Pool Size=40" --cluster "$dir" "$@"
fi
