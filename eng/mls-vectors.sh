#!/usr/bin/env bash
# Runs the official MLS vectors of the supported suites through the library: eng/mls-vectors.sh DIR
exec "$(dirname "${BASH_SOURCE[0]}")/review.sh" mls-vectors "$@"
