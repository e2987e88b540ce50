#!/usr/bin/env bash
# The migration of a generated legacy database of 1,000 users, 200 pulses and 100,000 messages, read back by every
# participant. The ordinary test run does the same with a smaller one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PULSEMEET_E2E_WORLD_USERS=${PULSEMEET_E2E_WORLD_USERS:-1000}
export PULSEMEET_E2E_WORLD_PULSES=${PULSEMEET_E2E_WORLD_PULSES:-200}
export PULSEMEET_E2E_WORLD_MESSAGES=${PULSEMEET_E2E_WORLD_MESSAGES:-100000}
exec eng/postgres.sh run dotnet test tests/PulseMeet.E2E.PostgreSql.Migration.Tests -c Release --nologo \
  --filter FullyQualifiedName~Every_message_that_could_be_read --logger "console;verbosity=normal"
