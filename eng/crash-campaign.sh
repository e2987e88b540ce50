#!/usr/bin/env bash
# Two devices on SQLite files and their relay on another, three processes that are killed by SIGKILL in the middle of it, one after the other and at random:
# eng/crash-campaign.sh [KILLS [SEED]] (200 and 1 by default). Ends with «N kills, N messages, N lost, N twice, N repeated keys», and with 0
# where the last three are 0. The test command kills six times.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build tests/PulseMeet.E2E.Client.Tests -c Release -v quiet --nologo
exec dotnet tests/PulseMeet.E2E.Client.Tests/bin/Release/net10.0/PulseMeet.E2E.Client.Tests.dll campaign "${1:-200}" "${2:-1}"
