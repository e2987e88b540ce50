#!/usr/bin/env bash
# Packs the NuGet packages, then shows that the library works for somebody else: a console project in an empty folder outside the
# repository restores it from a local folder feed, compiles the README's quickstart, and runs it, and restores it beside
# Microsoft.Extensions 10.0.1 too.
# The packages are left in artifacts/.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "Packing."
rm -rf "$root/artifacts"
for project in PulseMeet.E2E PulseMeet.E2E.Sqlite PulseMeet.E2E.Testing PulseMeet.E2E.Http PulseMeet.E2E.AspNetCore PulseMeet.E2E.Hosting \
  PulseMeet.E2E.PostgreSql PulseMeet.E2E.PostgreSql.Migration PulseMeet.E2E.Tool; do
  dotnet pack "$root/src/$project" -c Release -o "$root/artifacts" -v quiet --nologo
done
ls "$root/artifacts"

# A package documents its public API and nothing else.
documentation=$(unzip -p "$root"/artifacts/PulseMeet.E2E.0*.nupkg lib/net10.0/PulseMeet.E2E.xml)
grep -q '"T:PulseMeet.E2E.Ratchet.RatchetSession"' <<<"$documentation" || { echo "The package has no documentation." >&2; exit 1; }
! grep -qE 'PulseMeet\.E2E\.(Primitives|Encoding)\.' <<<"$(grep -o 'member name="[^"]*' <<<"$documentation" | cut -d: -f2 | cut -d'(' -f1)" \
  || { echo "The package documents internals." >&2; exit 1; }

# A version of its own, so that no package cache answers in the new one's place.
version="0.1.0-check.$(date +%s)"
dotnet pack "$root/src/PulseMeet.E2E" -c Release -o "$work/feed" -v quiet --nologo -p:Version="$version" >/dev/null

mkdir "$work/app"
cd "$work/app"
cat >nuget.config <<XML
<configuration><packageSources><add key="local" value="$work/feed" /></packageSources></configuration>
XML
cat >App.csproj <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <WarningsNotAsErrors>NU1603;NU1900;NU1901;NU1902;NU1903;NU1904</WarningsNotAsErrors>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="PulseMeet.E2E" Version="$version" />
  </ItemGroup>
</Project>
XML
awk '/<!-- quickstart -->/ { found = 1 } found && /^```$/ { exit } inside { print } found && /^```csharp$/ { inside = 1 }' \
  "$root/README.md" >Program.cs
[ -s Program.cs ] || { echo "The README has no quickstart." >&2; exit 1; }

echo "Running the README's quickstart from the package, in $PWD."
output=$(dotnet run)
echo "$output"
expected=$'Coffee at ten?\nMake it eleven.'
[ "$output" = "$expected" ] || { echo "Not what the quickstart says." >&2; exit 1; }
echo "The package restores, compiles and runs."

# A downgrade (NU1605) is an error by default: what an app that asks for an earlier Microsoft.Extensions would meet.
sed -i "s|^    <PackageReference .*|&<PackageReference Include=\"Microsoft.Extensions.DependencyInjection\" Version=\"10.0.1\" />\
    <PackageReference Include=\"Microsoft.Extensions.DependencyInjection.Abstractions\" Version=\"10.0.1\" />|" App.csproj
dotnet restore --force --nologo -v quiet
echo "An app on Microsoft.Extensions 10.0.1 restores without a downgrade."
