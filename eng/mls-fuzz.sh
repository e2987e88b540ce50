#!/usr/bin/env bash
# Hostile bytes for every decoder of MLS: eng/mls-fuzz.sh [SECONDS [SEED]]
exec "$(dirname "${BASH_SOURCE[0]}")/review.sh" mls-fuzz "${@:-60}"
