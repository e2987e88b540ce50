#!/usr/bin/env python3
"""Counts what dotnet-stryker found in one room, and lists the changes that no test noticed."""
import collections
import json
import sys

report, survivors, room = sys.argv[1:]
counts = collections.Counter()
with open(report, encoding="utf-8") as file, open(survivors, "w", encoding="utf-8") as out:
    for path, source in sorted(json.load(file)["files"].items()):
        lines = source["source"].splitlines()
        for mutant in source["mutants"]:
            counts[mutant["status"]] += 1
            if mutant["status"] in ("Survived", "NoCoverage"):
                line = mutant["location"]["start"]["line"]
                change = " ".join(mutant["replacement"].split())
                out.write(f"{path.rsplit('/', 1)[-1]}:{line} {mutant['status']} {mutant['mutatorName']}\n")
                out.write(f"    {lines[line - 1].strip()}\n    -> {change}\n")

killed = counts["Killed"] + counts["Timeout"]
alive = counts["Survived"] + counts["NoCoverage"]
figure = 100 * killed / (killed + alive) if killed + alive else 0
print(f"{room}: {killed} of {killed + alive} noticed, {figure:.1f} %")
