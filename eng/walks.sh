#!/usr/bin/env bash
# eng/walks.sh [WALKS [NAME...]]: takes each protection of eng/walks/NAME*.patch out of the client, one at a time, walks at random until a walk notices
# (WALKS of each kind at most, 40 by default), and says after how many of which kind. Where NAME begins with pulse-, the patches are those of
# eng/mends, and the walks those of pulse chats in memory. Ends non-zero where none does. In a worktree of its own, on HEAD; minutes a patch. Not in
# the test command; the tables are in docs/testing.md.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PULSEMEET_SIMULATION_WALKS=${1:-40} PULSEMEET_SIMULATION_SHRINKS=no
shift || true
work=$(mktemp -d)
tree=$work/tree
trap 'git -C "$root" worktree remove --force "$tree" >/dev/null 2>&1; rm -rf "$work"' EXIT
git -C "$root" worktree add --quiet --detach "$tree" HEAD || exit 1
cd "$tree"

# The tests of a kind of conversation, built once.
built=
tests_for() {
  case $1 in
    pulse-*) tests=tests/PulseMeet.E2E.Client.Tests simulation=PulseSimulation kinds='Everybody_in_a_chat' folder=eng/mends ;;
    *) tests=tests/PulseMeet.E2E.Tests simulation=ClientSimulation folder=eng/walks
      kinds='handed_over_exactly_once_or_named handed_over_or_named missing_even_for_a_while' ;;
  esac
  bin=$tree/$tests/bin/Release/net10.0
  case $built in
    *" $tests "*) ;;
    *) dotnet build "$tests" -c Release -v quiet --nologo >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
      built="$built $tests " ;;
  esac
}

unnoticed=0
for name in "${@:-}"; do
  tests_for "$name"
  for patch in "$root/$folder/$name"*.patch; do
    noticed=
    if ! git apply "$patch" || ! dotnet build src/PulseMeet.E2E -c Release -v quiet --nologo --no-restore -p:RunAnalyzers=false \
      -p:TreatWarningsAsErrors=false -p:GenerateDocumentationFile=false >"$work/log" 2>&1; then
      echo "$(basename "$patch" .patch): does not apply, or does not build"
      exit 1
    fi
    cp src/PulseMeet.E2E/bin/Release/net10.0/PulseMeet.E2E.dll "$bin/"
    for kind in $kinds; do
      dotnet test "$bin/$(basename "$tests").dll" --nologo --filter "FullyQualifiedName~$simulation&FullyQualifiedName~$kind" >"$work/log" 2>&1
      after=$(sed -n 's/.*Falsifiable, after \([0-9]*\) test.*/\1/p' "$work/log" | head -n 1)
      noticed+=" $kind: ${after:-not in $PULSEMEET_SIMULATION_WALKS};"
      [ -z "$after" ] || hit=1
      grep -m 1 -oE -- "---- .*" "$work/log" | cut -c 1-160 | sed 's/^---- /    /'
    done
    echo "$(basename "$patch" .patch):$noticed"
    [ -n "${hit:-}" ] || unnoticed=$((unnoticed + 1))
    hit=
    git checkout --quiet -- src
  done
done
[ "$unnoticed" -eq 0 ]
