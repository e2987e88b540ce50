#!/usr/bin/env bash
# Two devices in processes of their own, on SQLite files and a relay over HTTP, killed by SIGKILL in the middle of writing to each other:
# eng/client-crash.sh [KILLS [SEED]] (100 and 1 by default). Ends with «N kills, N messages, N lost, N twice, N repeated keys», and with 0
# where the last three are 0. The test command kills four.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build tests/PulseMeet.E2E.Client.Tests -c Release -v quiet --nologo
exec dotnet tests/PulseMeet.E2E.Client.Tests/bin/Release/net10.0/PulseMeet.E2E.Client.Tests.dll campaign "${1:-100}" "${2:-1}"
