using System.Diagnostics;
using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

[Collection(OnAnotherPostgres.Name)]
public sealed class KilledAtAnyMoment(PostgresServer server)
{
    [Fact]
    public async Task The_tool_killed_at_random_moments_and_run_again_comes_to_the_same_end_state()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(150, 30, 0).WriteTo(database.Owner);
        string directory = System.IO.Directory.CreateTempSubdirectory("pulsemeet-tool").FullName;
        try
        {
            string key = Path.Combine(directory, "recovery");
            Assert.Equal(0, OperatorTool.Run(database, "recovery-key", "new", "--out", key).ExitCode);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
            string before = Migrated.Fingerprint(database);
            string[] migrate = ["migrate", "--to", "contract", "--accept-loss", "--yes", "--recovery-public-key", key + ".pub"];
            var random = new Random(7);
            for (int i = 0; i < 4; i++)
            {
                using Process process = OperatorTool.Start(database, migrate);
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
                process.WaitForExit(random.Next(150, 1500));
                process.Kill();
                process.WaitForExit();
            }

            ToolResult done = OperatorTool.Run(database, [.. migrate, "--json"]);
            Assert.True(done.ExitCode == 0, done.Errors);
            MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
            Assert.Equal(("completed", 0L), (status.Status, status.PlaintextKeys));
            Assert.Equal(0, OperatorTool.Run(database, "check-plaintext").ExitCode);

            ToolResult dry = OperatorTool.Run(database, "rollback", "--recovery-key", key, "--reason", "test");
            Assert.Equal(4, dry.ExitCode);
            ToolResult back = OperatorTool.Run(database, "rollback", "--recovery-key", key, "--reason", "test", "--yes");
            Assert.True(back.ExitCode == 0, back.Errors);
            Assert.Equal(before, Migrated.Fingerprint(database));
            Assert.Equal(3, OperatorTool.Run(database, "check-plaintext").ExitCode);
            string secret = File.ReadAllLines(key)[1];
            Assert.All([done, dry, back], result => Assert.DoesNotContain(secret, result.Output + result.Errors, StringComparison.Ordinal));
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Throws<E2EException>(() => RecoveryKeyFile.ReadPrivate(key));
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Apps_killed_at_random_moments_of_the_message_migration_and_run_again_come_to_the_same_end_state()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 3000);
        world.WriteTo(database.Owner);
        using var recovery = Keys.X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        int readable = world.Messages.Count(Migrated.IsReadable);
        var random = new Random(11);
        long archived = 0;
        for (int i = 0; i < 8; i++)
        {
            long target = archived + random.Next(20, 300);
            using Process app = StartApp(database, world.Users[i % 2]);
            while (archived < target && !app.HasExited)
            {
                archived = (await Migrated.Schema(database).ReadStatusAsync()).ArchivedMessages;
            }

            app.Kill();
            app.WaitForExit();
            await UntilItsConnectionsEndAsync(database);
            MigrationStatus midway = await Migrated.Schema(database).ReadStatusAsync();
            Assert.Equal(midway.ArchivedMessages, midway.MessageBackups);
            archived = midway.ArchivedMessages;
        }

        Assert.InRange(archived, 1, readable);
        using Process last = StartApp(database, world.Users[0]);
        last.WaitForExit();
        Assert.Equal(0, last.ExitCode);
        MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
        Assert.Equal((readable, readable), (status.ArchivedMessages, status.MessageBackups));
        await using NpgsqlDataSource login = database.Login(world.Users[1].Id);
        List<WorldMessage> messages = [.. world.Messages.Where(Migrated.IsReadable)];
        List<ArchivedMessage?> read = await Migrated.ReadAsync(login, world.Users[1], messages);
        Assert.Equal(messages.Select(message => message.Text), read.Select(message => message!.Content));
    }

    /// <summary>The server ends the batch at hand, and only then sees that nobody is there any more.</summary>
    private static async Task UntilItsConnectionsEndAsync(TestDatabase database)
    {
        NpgsqlCommand others = database.Owner.CreateCommand(
            """
            select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and application_name = 'killed app'
            """);
        while ((long)(await others.ExecuteScalarAsync())! > 0)
        {
        }
    }

    /// <summary>A user's app, as a process of its own: samples/MigrateMessages.</summary>
    private static Process StartApp(TestDatabase database, LegacyUser user)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "MigrateMessages.dll"));
        start.ArgumentList.Add(user.Id.ToString("D"));
        start.Environment["PULSEMEET_E2E_CONNECTION"] =
            new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                ApplicationName = "killed app",
                Options = $"-c role=authenticated -c request.jwt.claim.sub={user.Id:D}",
            }.ConnectionString;
        Process app = Process.Start(start)!;
        byte[] key = new byte[Keys.X25519KeyPair.PrivateKeySize];
        user.Keys.Export(key);
        app.StandardInput.WriteLine(Convert.ToBase64String(key));
        app.StandardInput.Close();
        _ = app.StandardOutput.ReadToEndAsync();
        _ = app.StandardError.ReadToEndAsync();
        return app;
    }

    [Fact]
    public async Task Message_migration_cut_off_by_a_crash_of_the_server_goes_on_to_the_same_end_state()
    {
        using var own = new PostgresServer(isShared: false);
        using TestDatabase database = own.NewDatabase();
        var world = new LegacyWorld(2, 0, 600);
        world.WriteTo(database.Owner);
        using var recovery = Keys.X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        LegacyUser user = world.Users[0];
        bool crashed = false;
        try
        {
            await Migrated.Messages(database.As(user.Id), user, batch: 20).MigrateExistingMessagesAsync(
                new Once<MessageMigrationProgress>(() =>
                {
                    crashed = true;
                    own.Crash();
                }, after: 5));
        }
        catch (NpgsqlException)
        {
            // The connection is gone with the server.
        }

        Assert.True(crashed);
        database.Owner.Clear();
        MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
        Assert.True(status.ArchivedMessages < world.Messages.Count(Migrated.IsReadable));
        Assert.Equal(status.ArchivedMessages, status.MessageBackups);
        await Migrated.Messages(database.As(user.Id), user).MigrateExistingMessagesAsync();
        Assert.Equal(world.Messages.Count(Migrated.IsReadable), (await Migrated.Schema(database).ReadStatusAsync()).ArchivedMessages);
    }

    private sealed class Once<T>(Action action, int after) : IProgress<T>
    {
        private int _count;

        public void Report(T value)
        {
            if (++_count == after)
            {
                action();
            }
        }
    }
}
