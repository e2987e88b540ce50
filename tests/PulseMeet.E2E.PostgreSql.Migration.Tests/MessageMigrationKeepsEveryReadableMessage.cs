using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

[Collection(OnPostgres.Name)]
public sealed class MessageMigrationKeepsEveryReadableMessage(PostgresServer server)
{
    private static int Size(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"PULSEMEET_E2E_WORLD_{name}"), out int size) ? size : otherwise;

    [Fact]
    public async Task Every_message_that_could_be_read_is_read_by_every_participant_and_nobody_else()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(Size("USERS", 40), Size("PULSES", 21), Size("MESSAGES", 900));
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        Assert.NotEmpty(await PlaintextCheck.RunAsync(database.Owner));

        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await Migrated.AllMessagesAsync(database, world);
        await Migrated.Schema(database).ContractAsync(acceptLoss: true);

        // Pulses with members who lose access wait for the operator's choice: now it has been made.
        await Migrated.AllMessagesAsync(database, world);

        MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
        Assert.Equal(world.Messages.Count(Migrated.IsReadable), status.ArchivedMessages);
        Assert.Equal(world.Messages.Count - status.ArchivedMessages, status.LegacyMessages);
        Assert.Equal(status.ArchivedMessages, status.MessageBackups);
        Assert.Equal("completed", status.Status);
        Assert.Empty(await PlaintextCheck.RunAsync(database.Owner));

        LegacyUser outsider = world.Users[0];
        foreach (IGrouping<LegacyUser, (LegacyUser Reader, WorldMessage Message)> reader in Readings(world).GroupBy(r => r.Reader))
        {
            await using NpgsqlDataSource source = database.Login(reader.Key.Id);
            List<WorldMessage> messages = [.. reader.Select(reading => reading.Message)];
            List<ArchivedMessage?> read = await Migrated.ReadAsync(source, reader.Key, messages);
            for (int i = 0; i < messages.Count; i++)
            {
                Assert.Equal(messages[i].Text, read[i]!.Content);
                Assert.Equal(ExpectedProtection(messages[i]), read[i]!.FormerProtection);
            }
        }

        await using NpgsqlDataSource outside = database.Login(outsider.Id);
        List<WorldMessage> foreign =
            [.. world.Messages.Where(message => Migrated.IsReadable(message) && !Members(message).Contains(outsider))];
        Assert.All(await Migrated.ReadAsync(outside, outsider, foreign), Assert.Null);
    }

    [Fact]
    public async Task A_participant_of_another_conversation_opens_nothing_even_with_the_rows_in_hand()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(6, 2, 100);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await Migrated.AllMessagesAsync(database, world);

        WorldMessage message = world.Messages.First(m => m.Receiver is not null && Migrated.IsReadable(m));
        LegacyUser outsider = world.Users.First(user => !Members(message).Contains(user));
        string content = database.Scalar<string>("select content from direct_messages where id = $1", message.Id);
        using ConversationArchive archive = await ConversationArchive.OfDirectAsync(
            database.Owner, new UserKeys(outsider.Id, [outsider.Keys]), message.Sender.Id, new ListedPeerKeys(database.Owner),
            Migrated.Derivation, Migrated.Legacy);
        var error = Assert.Throws<E2EException>(() =>
            ArchivedMessage.Open(archive.ArchiveKeys, Migrated.Sealer, Migrated.Context(message), content, 2));
        Assert.Equal(E2EError.NotAuthentic, error.Reason);
    }

    [Fact]
    public async Task Zero_key_and_plaintext_rows_are_counted_apart_and_unreadable_rows_stay_untouched()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 400);
        world.Messages.RemoveAll(message => message.Receiver is null);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        string before = Unreadable(database, world);

        await using NpgsqlDataSource source = database.Login(world.Users[0].Id);
        var reports = new List<MessageMigrationProgress>();
        MessageMigrationReport report = await Migrated.Messages(source, world.Users[0])
            .MigrateExistingMessagesAsync(new Collect<MessageMigrationProgress>(reports));

        Assert.Equal(world.Messages.Count(m => !m.IsEncrypted), report.Counts.Plaintext);
        Assert.Equal(world.Messages.Count(m => m.IsEncrypted && ExpectedProtection(m) == LegacyProtection.ZeroKey), report.Counts.ZeroKey);
        Assert.Equal(world.Messages.Count(m => m.Unreadable), report.Counts.Failed);
        Assert.All(report.Unreadable, message => Assert.Equal(E2EError.NoKeyFits, message.Reason));
        Assert.Equal(before, Unreadable(database, world));
        Assert.Equal(4, reports.Count);
        Assert.True(report.Counts.ZeroKey > 0 && report.Counts.Plaintext > 0 && report.Counts.Failed > 0);
    }

    [Fact]
    public async Task Both_participants_and_ten_apps_at_once_give_the_same_end_state()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(10, 5, 1000);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);

        MessageMigrationReport[] reports = await Task.WhenAll(world.Users.Select(async user =>
            await Migrated.Messages(database.As(user.Id), user, batch: 20).MigrateExistingMessagesAsync()));

        int readable = world.Messages.Count(Migrated.IsReadable);
        Assert.Equal(readable, reports.Sum(report => report.Counts.Migrated));
        Assert.Equal(readable, (await Migrated.Schema(database).ReadStatusAsync()).ArchivedMessages);
        Assert.Equal(readable, database.Scalar<long>("select count(*) from e2e_message_backup"));
    }

    [Fact]
    public async Task When_the_time_is_up_a_run_stops_cleanly_and_the_next_goes_on_from_there()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 600);
        world.Messages.RemoveAll(message => message.Receiver is null);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        LegacyUser user = world.Users[0];
        var clock = new SteppingClock();

        int runs = 0;
        MessageMigrationReport report;
        long migrated = 0;
        do
        {
            var migrator = new MessageMigrator(
                database.As(user.Id), new UserKeys(user.Id, [user.Keys]), new ListedPeerKeys(database.As(user.Id)),
                Migrated.Derivation, Migrated.Legacy, Migrated.Sealer,
                new MessageMigrationOptions { Timeout = TimeSpan.FromSeconds(4), MaxFailureRate = 1, BatchSize = 50 }, clock);
            report = await migrator.MigrateExistingMessagesAsync();
            migrated += report.Counts.Migrated;
            runs++;
        }
        while (report.Outcome == MessageMigrationOutcome.TimedOut && runs < 50);

        Assert.Equal(MessageMigrationOutcome.Completed, report.Outcome);
        Assert.True(runs > 1);
        Assert.Equal(world.Messages.Count(Migrated.IsReadable), migrated);
    }

    [Fact]
    public async Task A_failure_rate_above_five_percent_stops_the_run()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 1200);
        world.Messages.RemoveAll(message => message.Receiver is null);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        LegacyUser user = world.Users[0];
        using X25519KeyPair lost = X25519KeyPair.Generate();

        MessageMigrationReport report = await Migrated.Messages(
            database.As(user.Id), user with { Keys = lost }, maxFailureRate: 0.05).MigrateExistingMessagesAsync();

        Assert.Equal(MessageMigrationOutcome.TooManyFailures, report.Outcome);
        Assert.Equal(100, report.Counts.Looked);
        Assert.Equal(0, report.Counts.Migrated);
    }

    private static IEnumerable<(LegacyUser Reader, WorldMessage Message)> Readings(LegacyWorld world) =>
        from message in world.Messages
        where Migrated.IsReadable(message)
        from reader in Members(message)
        where reader.Trouble == KeyTrouble.None
        select (reader, message);

    private static LegacyUser[] Members(WorldMessage message) =>
        message.Pulse is { } pulse ? [.. pulse.Members] : [message.Sender, message.Receiver!];

    private static LegacyProtection ExpectedProtection(WorldMessage message)
    {
        if (!message.IsEncrypted)
        {
            return LegacyProtection.Plaintext;
        }

        return message.Protection;
    }

    private static string Unreadable(TestDatabase database, LegacyWorld world) => database.Scalar<string>(
        "select md5(string_agg(t::text, '' order by id)) from direct_messages t where id = any($1)",
        (object)world.Messages.Where(m => m.Unreadable).Select(m => m.Id).ToArray());
}

internal sealed class Collect<T>(List<T> into) : IProgress<T>
{
    public void Report(T value) => into.Add(value);
}

/// <summary>A clock that moves by a second each time it is looked at.</summary>
internal sealed class SteppingClock : TimeProvider
{
    private long _seconds;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Increment(ref _seconds);
}
