using System.Text.Json.Nodes;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>The operators' tool from the first look to the dropped backups: every command, as a process.</summary>
[Collection(OnAnotherPostgres.Name)]
public sealed class OperatorsSeeWhereTheyStand(PostgresServer server)
{
    [Fact]
    public void Each_command_tells_the_truth_at_each_phase_and_changes_nothing_without_being_told()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(40, 20, 60).WriteTo(database.Owner);
        string directory = System.IO.Directory.CreateTempSubdirectory("pulsemeet-tool").FullName;
        try
        {
            string key = Path.Combine(directory, "recovery");
            Assert.Equal(0, OperatorTool.Run(database, "recovery-key", "new", "--out", key).ExitCode);
            string[] to = ["--recovery-public-key", key + ".pub", "--json"];
            string before = Migrated.Fingerprint(database);

            ToolResult dry = OperatorTool.Run(database, ["migrate", "--to", "verify", .. to]);
            Assert.Equal(4, dry.ExitCode);
            Assert.Equal(before, Migrated.Fingerprint(database));
            Assert.NotEqual(0, OperatorTool.Run(database, "verify").ExitCode);

            Assert.Equal(0, OperatorTool.Run(database, ["migrate", "--to", "verify", "--yes", .. to]).ExitCode);
            Assert.Equal(0, OperatorTool.Run(database, "verify").ExitCode);
            JsonNode status = Json(OperatorTool.Run(database, "status", "--json"));
            Assert.Equal("in_progress", (string?)status["status"]);
            Assert.True((long)status["plaintext_keys"]! > 0);
            Assert.True((long)status["wrapped_copies"]! > 0);
            Assert.Equal(before, Migrated.Fingerprint(database));

            JsonNode report = Json(OperatorTool.Run(database, "report", "--json"));
            Assert.NotEmpty(report["unserved"]!.AsArray());
            Assert.All(report["unserved"]!.AsArray(), member => Assert.False(string.IsNullOrEmpty((string?)member!["reason"])));
            Assert.Equal(1, OperatorTool.Run(database, "report", "--limit", "0").ExitCode);

            Assert.Equal(2, OperatorTool.Run(database, ["migrate", "--to", "contract", "--yes", .. to]).ExitCode);
            Assert.Equal(0, OperatorTool.Run(database, ["migrate", "--to", "contract", "--accept-loss", "--yes", .. to]).ExitCode);
            status = Json(OperatorTool.Run(database, "status", "--json"));
            Assert.Equal(("completed", 0L), ((string?)status["status"], (long)status["plaintext_keys"]!));
            Assert.Equal(0, OperatorTool.Run(database, "check-plaintext").ExitCode);

            Assert.Equal(0, OperatorTool.Run(database, ["migrate", "--to", "contract", "--drop-backups", "--accept-loss", "--yes", .. to]).ExitCode);
            Assert.NotEqual(0, OperatorTool.Run(database, "rollback", "--recovery-key", key, "--reason", "too late", "--yes").ExitCode);
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Help_lists_the_exit_codes_and_a_connection_is_never_printed()
    {
        using TestDatabase database = server.NewDatabase();
        string help = OperatorTool.Run(database, "--help").Output;
        foreach (string command in new[] { "status", "migrate", "verify", "rollback", "recovery-key", "check-plaintext", "report" })
        {
            Assert.Contains(command, help, StringComparison.Ordinal);
        }

        Assert.Contains("3", help, StringComparison.Ordinal);
        ToolResult failed = OperatorTool.Run(database, "status", "--connection", "Host=/nowhere;Password=hunter2;Username=nobody");
        Assert.Equal(5, failed.ExitCode);
        Assert.DoesNotContain("hunter2", failed.Output + failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_dry_run_predicts_what_the_run_does_and_a_refusal_says_what_helps()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(20, 4, 0);
        world.WriteTo(database.Owner);
        string directory = System.IO.Directory.CreateTempSubdirectory("pulsemeet-tool").FullName;
        try
        {
            string key = Path.Combine(directory, "recovery");
            ToolResult fresh = OperatorTool.Run(database, "verify");
            Assert.Equal(2, fresh.ExitCode);
            Assert.Contains("migrate --to verify", fresh.Errors, StringComparison.Ordinal);

            // What is in the way of half a pair leaves no other half.
            File.WriteAllText(key + ".pub", "in the way");
            Assert.Equal(6, OperatorTool.Run(database, "recovery-key", "new", "--out", key).ExitCode);
            Assert.False(File.Exists(key));
            File.Delete(key + ".pub");
            Assert.Equal(0, OperatorTool.Run(database, "recovery-key", "new", "--out", key).ExitCode);

            string[] contract = ["migrate", "--to", "contract", "--recovery-public-key", key + ".pub", "--json"];
            ToolResult dry = OperatorTool.Run(database, contract);
            ToolResult run = OperatorTool.Run(database, [.. contract, "--yes"]);
            Assert.Equal((2, 2), (dry.ExitCode, run.ExitCode));
            JsonNode plan = JsonNode.Parse(dry.Output)!;
            JsonNode losers = JsonNode.Parse(OperatorTool.Run(database, "report", "--json").Output)!["unserved"]!;
            Assert.NotEmpty(losers.AsArray());
            Assert.Equal(Users(losers), Users(plan["would_lose_access"]!));
            Assert.Contains("--accept-loss", (string?)plan["would_be_refused"], StringComparison.Ordinal);
            JsonNode failure = JsonNode.Parse(run.Output)!;
            Assert.Equal(2, (int)failure["exit_code"]!);
            Assert.Contains("--accept-loss", (string?)failure["error"], StringComparison.Ordinal);
            Assert.Contains("report", (string?)failure["error"], StringComparison.Ordinal);
            Assert.Equal(["expand", "wrap", "verify"], failure["phases_done"]!.AsArray().Select(phase => (string)phase!));

            Assert.Equal(4, OperatorTool.Run(database, [.. contract, "--accept-loss"]).ExitCode);
            Assert.Equal(0, OperatorTool.Run(database, [.. contract, "--accept-loss", "--yes"]).ExitCode);
            ToolResult noReason = OperatorTool.Run(database, "rollback", "--recovery-key", key, "--reason", "");
            Assert.Equal(1, noReason.ExitCode);
            Assert.DoesNotContain("   at ", noReason.Errors, StringComparison.Ordinal);
            string other = Path.Combine(directory, "other");
            Assert.Equal(0, OperatorTool.Run(database, "recovery-key", "new", "--out", other).ExitCode);
            string[] wrong = ["rollback", "--recovery-key", other, "--reason", "test"];
            Assert.Equal((2, 2), (OperatorTool.Run(database, wrong).ExitCode, OperatorTool.Run(database, [.. wrong, "--yes"]).ExitCode));
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }

        static string Users(JsonNode unserved) => string.Join(' ', unserved.AsArray()
            .Select(member => $"{(string?)member!["source_id"]} {(string?)member["user_id"]} {(string?)member["reason"]}").Order(StringComparer.Ordinal));
    }

    private static JsonNode Json(ToolResult result)
    {
        Assert.True(result.ExitCode == 0, result.Errors);
        return JsonNode.Parse(result.Output)!;
    }
}
