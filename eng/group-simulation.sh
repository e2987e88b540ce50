#!/usr/bin/env bash
# Random walks of pulse chats of up to twenty devices: eng/group-simulation.sh [SEEDS [FIRST]]
# The walks print nothing while they hold; one that does not names its seed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PULSEMEET_GROUP_SEEDS=${1:-50} PULSEMEET_GROUP_FIRST_SEED=${2:-1}
exec dotnet test "$root/tests/PulseMeet.E2E.Mls.Tests" -c Release --nologo -v quiet \
  --filter "FullyQualifiedName~PulseWalks.The_seeds_of_a_campaign_hold"
