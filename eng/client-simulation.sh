#!/usr/bin/env bash
# Random walks of the client's users around a relay, as many as one likes: eng/client-simulation.sh WALKS (200 by default).
# Of three kinds: around a hostile relay, with stores put back too, and around an honest one; the test command takes five of each. A walk that fails is printed with its seed and, shrunk, its steps.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PULSEMEET_SIMULATION_WALKS=${1:-200}
dotnet test tests/PulseMeet.E2E.Tests/PulseMeet.E2E.Tests.csproj -c Release --nologo -v quiet --filter FullyQualifiedName~ClientSimulation
echo "$PULSEMEET_SIMULATION_WALKS walks of each kind, nothing lost unnamed, nothing twice, no cipher key twice."
