#!/usr/bin/env bash
# eng/mends.sh [NAME...]: takes each protection of eng/mends/NAME*.patch out again, one at a time, and expects its test to fail. A patch says in
# its head what it undoes, which test notices, and in which project of tests where that is not PulseMeet.E2E.Tests. Works in a worktree of its
# own, on HEAD; about 15 seconds a patch. Not in the test command.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
tree=$work/tree
log=$work/log
trap 'git -C "$root" worktree remove --force "$tree" >/dev/null 2>&1; rm -rf "$work"' EXIT
git -C "$root" worktree add --quiet --detach "$tree" HEAD || exit 1

patches=()
for name in "${@:-}"; do
  for patch in "$root/eng/mends/$name"*.patch; do
    [ -f "$patch" ] || { echo "There is no mend $name." >&2; exit 2; }
    patches+=("$patch")
  done
done

test_of() { sed -n 's/^Test: //p' "$1"; }

# The tests' project, PulseMeet.E2E.Tests where a patch names no other in its head; and the project that the patch changes.
tests_of() { sed -n 's/^Tests: //p' "$1" | grep . || echo PulseMeet.E2E.Tests; }
source_of() { sed -n 's|^+++ b/src/\([^/]*\)/.*|\1|p' "$1" | head -n 1; }
bin_of() { echo "$tree/tests/$1/bin/Release/net10.0"; }

# A project's tests by a filter, by the built assemblies: prints «failed of total», nothing where no test ran or none ended.
run() {
  timeout --kill-after=10 600 dotnet test "$(bin_of "$1")/$1.dll" --nologo --filter "$2" >"$log" 2>&1
  sed -n 's/.*Failed: *\([0-9]*\), Passed: *[0-9]*, Skipped: *[0-9]*, Total: *\([0-9]*\),.*/\1 of \2/p' "$log" | tail -n 1
}

cd "$tree"
for tests in $(for patch in "${patches[@]}"; do tests_of "$patch"; done | sort -u); do
  echo "Building the tests."
  dotnet build "tests/$tests" -c Release -v quiet --nologo -p:UseSharedCompilation=true >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }

  # What fails with every protection in place would show nothing.
  all=$(for patch in "${patches[@]}"; do [ "$(tests_of "$patch")" != "$tests" ] || test_of "$patch"; done |
    sort -u | sed 's/^/FullyQualifiedName~./' | paste -sd '|')
  whole=$(run "$tests" "$all")
  case $whole in
    '0 of '*) echo "With every protection: $whole failed." ;;
    *) echo "With every protection: ${whole:-no test ran}."; grep -E "\[FAIL\]|error" "$log"; exit 1 ;;
  esac
done

noticed=0
unnoticed=0
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  tests=$(tests_of "$patch")
  source=$(source_of "$patch")
  result=
  if ! git apply "$patch" 2>"$log"; then
    result="does not apply"
  elif ! dotnet build "src/$source" -c Release -v quiet --nologo --no-restore \
    -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false -p:GenerateDocumentationFile=false -p:UseSharedCompilation=true >"$log" 2>&1; then
    result="does not build"
  else
    cp "$(bin_of "$tests")/$source.dll" "$work/whole.dll"
    cp "src/$source/bin/Release/net10.0/$source.dll" "$(bin_of "$tests")/"
    result=$(run "$tests" "FullyQualifiedName~.$(test_of "$patch")")
    cp "$work/whole.dll" "$(bin_of "$tests")/$source.dll"
  fi
  git checkout --quiet -- src
  case $result in
    '0 of '* | '' | does*)
      unnoticed=$((unnoticed + 1))
      echo "UNNOTICED  $name: ${result:-no test ran}"
      ;;
    *)
      noticed=$((noticed + 1))
      echo "noticed    $name: $result failed"
      ;;
  esac
done
echo "$noticed noticed, $unnoticed not"
[ "$unnoticed" -eq 0 ]
