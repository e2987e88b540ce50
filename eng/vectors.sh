#!/usr/bin/env bash
# eng/vectors.sh write: makes docs/vectors anew, but for files of fresh randomness that still hold; eng/vectors.sh check: computes them again and compares.
dir=$(dirname "${BASH_SOURCE[0]}")
exec "$dir/review.sh" vectors "${1:-check}" "$dir/../docs/vectors"
