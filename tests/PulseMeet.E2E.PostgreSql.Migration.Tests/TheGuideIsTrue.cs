using System.Diagnostics;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>docs/migration-guide.md, line by line on a fresh database: the commands are taken from the document.</summary>
[Collection(OnAnotherPostgres.Name)]
public sealed class TheGuideIsTrue(PostgresServer server)
{
    /// <summary>What a dry run ends with, as the guide says.</summary>
    private const int DryRun = 4;

    [Fact]
    public async Task Every_command_of_the_steps_and_of_the_way_back_runs_as_it_is_written()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(8, 3, 120);
        world.WriteTo(database.Owner);
        string before = Migrated.Fingerprint(database);
        string folder = Directory.CreateTempSubdirectory("pulsemeet-guide").FullName;
        try
        {
            string[] steps = Commands("## Steps");
            Assert.Contains(steps, line => line.StartsWith("pulsemeet-e2e migrate --to contract", StringComparison.Ordinal));
            foreach (string line in steps)
            {
                if (line.Contains("MessageMigrator", StringComparison.Ordinal))
                {
                    await Migrated.AllMessagesAsync(database, world);
                    continue;
                }

                Run(database, folder, line);
            }

            Assert.Equal("completed", (await Migrated.Schema(database).ReadStatusAsync()).Status);
            foreach (string line in Cleared().Where(line => !line.Contains("drop-backups", StringComparison.Ordinal)))
            {
                Psql(database, folder, line);
            }

            Assert.All(Commands("## Way back"), line => Run(database, folder, line));
            Assert.Equal(before, Migrated.Fingerprint(database));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_plain_SQL_files_do_with_psql_what_the_tool_does()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(8, 3, 0).WriteTo(database.Owner);
        string folder = Directory.CreateTempSubdirectory("pulsemeet-guide").FullName;
        string sql = Path.Combine(Repository(), "src", "PulseMeet.E2E.PostgreSql.Migration", "Sql");
        try
        {
            foreach (string name in (string[])["indexes.sql", "expand.sql"])
            {
                Psql(database, folder, $"-f {Path.Combine(sql, name)}");
            }

            Run(database, folder, "pulsemeet-e2e recovery-key new --out recovery");
            Run(database, folder, "pulsemeet-e2e migrate --to verify --recovery-public-key recovery.pub --yes");
            foreach (string name in (string[])["indexes.sql", "expand.sql", "verify.sql", "contract.sql", "contract.sql"])
            {
                Psql(database, folder, $"-f {Path.Combine(sql, name)}");
            }

            Assert.Equal(3, database.Scalar<long>("select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname in ('e2e_direct_messages_sender', 'e2e_direct_messages_receiver', 'e2e_chat_messages_pulse') and i.indisvalid"));
            Assert.Equal("completed", (await Migrated.Schema(database).ReadStatusAsync()).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The lines of a section's code block, without their comments, but for the one that says what apps do.</summary>
    private static string[] Commands(string section) =>
    [
        .. Section(section)
            .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
            .Select(line => line.Trim())
            .Select(line => line.StartsWith('#') ? line : line.Split(" #")[0].TrimEnd())
            .Where(line => !line.StartsWith('#') || line.Contains("MessageMigrator", StringComparison.Ordinal)),
    ];

    /// <summary>The SQL of the table of what remains, but for what needs an extension or an archive.</summary>
    private static IEnumerable<string> Cleared() =>
        from line in Section("## What remains")
        let cells = line.Split('|')
        where cells.Length > 3 && cells[3].Contains('`', StringComparison.Ordinal)
        let command = cells[3].Split('`')[1]
        where command.StartsWith("vacuum", StringComparison.Ordinal) || command.StartsWith("checkpoint", StringComparison.Ordinal)
        from statement in command.Split(';')
        select $"-c \"{statement.Trim()}\"";

    private static IEnumerable<string> Section(string title) =>
        File.ReadLines(Path.Combine(Repository(), "docs", "migration-guide.md"))
            .SkipWhile(line => !line.StartsWith(title, StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));

    private static void Psql(TestDatabase database, string folder, string arguments) =>
        Run(database, folder, $"psql -q -v ON_ERROR_STOP=1 {arguments}");

    private static void Run(TestDatabase database, string folder, string command)
    {
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString);
        var start = new ProcessStartInfo("bash") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"pulsemeet-e2e() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "pulsemeet-e2e.dll")}' \"$@\"; }}\n"
            + command.Replace("export PULSEMEET_E2E_CONNECTION=…", "[ -n \"$PULSEMEET_E2E_CONNECTION\" ]", StringComparison.Ordinal));
        start.Environment["PULSEMEET_E2E_CONNECTION"] = database.ConnectionString;
        start.Environment["PGHOST"] = connection.Host;
        start.Environment["PGUSER"] = connection.Username;
        start.Environment["PGDATABASE"] = connection.Database;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        int expected = command.StartsWith("pulsemeet-e2e migrate", StringComparison.Ordinal) && !command.Contains("--yes", StringComparison.Ordinal)
            ? DryRun
            : 0;
        Assert.True(process.ExitCode == expected, $"{command}: {process.ExitCode}\n{output}\n{errors.Result}");
    }

    private static string Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PulseMeet.E2E.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("Not within the repository.");
    }
}
