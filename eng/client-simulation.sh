#!/usr/bin/env bash
# Random walks of the client's users around a relay, as many as one likes: eng/client-simulation.sh WALKS [KIND] (200 by default).
# KIND is direct (conversations of two, around a hostile relay, with stores put back too, and around an honest one), pulses (chats of up to six
# people, with records in memory and in SQLite files), or nothing for both. The test command takes the same five of each direct kind every time, and three of each of
# pulses. A walk that fails is printed with its seed and, shrunk, its steps; PULSEMEET_SIMULATION_COURSE="SEED: STEPS" takes that one of pulses again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PULSEMEET_SIMULATION_WALKS=${1:-200}
if [ "${2:-direct}" = direct ]; then
  dotnet test tests/PulseMeet.E2E.Tests/PulseMeet.E2E.Tests.csproj -c Release --nologo -v quiet --logger 'console;verbosity=normal' --filter FullyQualifiedName~ClientSimulation
  echo "$PULSEMEET_SIMULATION_WALKS walks of each kind of conversation, nothing lost unnamed, nothing twice, no cipher key twice."
fi

if [ "${2:-pulses}" = pulses ]; then
  dotnet test tests/PulseMeet.E2E.Client.Tests/PulseMeet.E2E.Client.Tests.csproj -c Release --nologo -v quiet --logger 'console;verbosity=normal' --filter FullyQualifiedName~PulseSimulation
  echo "$PULSEMEET_SIMULATION_WALKS walks of pulse chats with each kind of store, everybody opened what they should, and nobody anything else."
fi
