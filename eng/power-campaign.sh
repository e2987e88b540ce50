#!/usr/bin/env bash
# Two devices on SQLite files and their relay on another, three machines whose power goes in the middle of it, of one after the other at random
# and of all at once: eng/power-campaign.sh [CUTS [SEED [store|relay]]] (200 and 1 by default). What was not synced is lost then, or some of it,
# torn writes among it (docs/testing.md). Ends with «N cuts, N messages, N lost, N twice, N repeated keys», and with 0 where the last three
# are 0, and the relay knows each envelope that it had taken. The test command cuts six times. With «store» the devices' stores do not sync,
# with «relay» the relay's disk does not: the campaign shows what that costs. Needs Linux and a C compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build tests/PulseMeet.E2E.Client.Tests -c Release -v quiet --nologo
exec dotnet tests/PulseMeet.E2E.Client.Tests/bin/Release/net10.0/PulseMeet.E2E.Client.Tests.dll power "${1:-200}" "${2:-1}" ${3:+"$3"}
