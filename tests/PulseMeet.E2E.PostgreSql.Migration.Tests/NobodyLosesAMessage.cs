using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>Re-sealing takes no message from anybody who could read it, unless the operator has named that.</summary>
[Collection(OnPostgres.Name)]
public sealed class NobodyLosesAMessage(PostgresServer server)
{
    [Fact]
    public async Task Messages_with_a_peer_without_a_usable_key_are_read_after_contract_through_the_library()
    {
        using Verified start = await Verified.CreateAsync(
            server, new LegacyWorld(2, 0, 120),
            world: w => w.Users[1].Trouble = KeyTrouble.Inactive);
        (TestDatabase database, LegacyWorld world, _) = start;
        LegacyUser reader = world.Users[0];
        MessageMigrationReport report = await Migrated.Messages(database.As(reader.Id), reader).MigrateExistingMessagesAsync();
        await Migrated.Schema(database).ContractAsync(acceptLoss: true);

        List<WorldMessage> readable = [.. world.Messages.Where(message => !message.Unreadable)];
        Assert.Equal(world.Messages.Count, report.Counts.LeftForKeys);
        Assert.Equal(0, report.Counts.Migrated);
        Assert.Equal(readable.Select(message => message.Text), await ReadAnywayAsync(database, reader, world.Users[1], readable));
    }

    [Fact]
    public async Task A_second_newer_key_of_the_peer_takes_nothing_from_the_peers_first_device()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 100);
        world.WriteTo(database.Owner);
        using X25519KeyPair second = X25519KeyPair.Generate();
        database.Run("update user_public_keys set created_at = now() - interval '1 day'");
        database.Run("insert into user_public_keys (user_id, key_id, public_key) values ($1, 'second', $2)", world.Users[1].Id, second.PublicKey.ToBase64());
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        foreach (LegacyUser user in (LegacyUser[])[world.Users[0], world.Users[1] with { Keys = second }])
        {
            MessageMigrationReport report = await Migrated.Messages(database.As(user.Id), user).MigrateExistingMessagesAsync();
            Assert.Equal(0, report.Counts.Migrated);
            Assert.True(report.Counts.LeftForKeys > 0);
        }

        List<WorldMessage> readable = [.. world.Messages.Where(message => !message.Unreadable)];
        Assert.Equal(readable.Select(message => message.Text), await ReadAnywayAsync(database, world.Users[1], world.Users[0], readable));
    }

    [Fact]
    public async Task A_conversation_where_nothing_could_be_resealed_stays_open_to_both_sides_before_contract()
    {
        using Verified start = await Verified.CreateAsync(
            server, new LegacyWorld(2, 0, 40),
            world: w => w.Users[1].Trouble = KeyTrouble.Missing);
        (TestDatabase database, LegacyWorld world, _) = start;
        await Migrated.Messages(database.As(world.Users[0].Id), world.Users[0]).MigrateExistingMessagesAsync();
        const string Insert = "insert into direct_messages (sender_id, receiver_id, content) values ($1, $2, 'legacy')";
        (Guid a, Guid b) = (world.Users[0].Id, world.Users[1].Id);
        TestDatabase.Run(database.As(a), Insert, a, b);
        TestDatabase.Run(database.As(b), Insert, b, a);

        // After contract there is no key left that a legacy message could be under, closed conversation or not.
        await Migrated.Schema(database).ContractAsync(acceptLoss: true);
        Assert.Equal("42501", Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(a), Insert, a, b)).SqlState);
    }

    [Fact]
    public async Task A_pulse_with_a_member_without_a_key_is_resealed_only_once_the_operator_has_named_the_loss()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(8, 1, 100);
        LegacyPulse pulse = world.Pulses[0];
        pulse.Members[1].Trouble = KeyTrouble.Missing;
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        string before = Pulse(database);
        LegacyUser member = pulse.Members[0];
        MessageMigrationReport report = await Migrated.Messages(database.As(member.Id), member).MigrateExistingMessagesAsync();
        Assert.True(report.Counts.LeftForKeys > 0);
        Assert.Equal(before, Pulse(database));

        // The server holds to it too, whatever an app asks.
        Guid backup = Guid.NewGuid();
        TestDatabase.Run(database.As(member.Id), "select e2e_begin_backup_key($1, $2)", backup, new byte[80]);
        Assert.Empty(TestDatabase.Rows(database.As(member.Id),
            """
            select e2e_reseal_chat($1, array_agg(id), array_agg(e2e_row_version(content, encryption_metadata, is_encrypted)),
              array_agg('x'::text), array_agg('\x00'::bytea), null) from chat_messages
            """, backup));

        await Migrated.Schema(database).ContractAsync(acceptLoss: true);
        report = await Migrated.Messages(database.As(member.Id), member).MigrateExistingMessagesAsync();
        Assert.True(report.Counts.Migrated > 0);
        Assert.NotEqual(before, Pulse(database));
    }

    [Fact]
    public async Task A_legacy_row_with_key_version_2_is_migrated_as_any_other()
    {
        using Verified start = await Verified.CreateAsync(
            server, new LegacyWorld(2, 0, 60),
            database: d => d.Run("update direct_messages set key_version = 2"));
        (TestDatabase database, LegacyWorld world, X25519KeyPair recovery) = start;
        Assert.Equal((60L, 0L), await CountsAsync(database));
        await Migrated.AllMessagesAsync(database, world);
        List<WorldMessage> readable = [.. world.Messages.Where(Migrated.IsReadable)];
        Assert.Equal((60L - readable.Count, (long)readable.Count), await CountsAsync(database));
        List<ArchivedMessage?> read = await Migrated.ReadAsync(database.As(world.Users[0].Id), world.Users[0], readable);
        Assert.Equal(readable.Select(message => message.Text), read.Select(message => message!.Content));
        await Migrated.Schema(database).RollbackAsync(recovery, "test");
        Assert.Equal(60, database.Scalar<long>("select count(*) from direct_messages where key_version = 2"));
    }

    [Fact]
    public async Task Attack_59_rows_that_nobody_can_migrate_stop_nobody()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 60);
        world.WriteTo(database.Owner);
        (Guid me, Guid hostile) = (world.Users[0].Id, world.Users[1].Id);
        foreach (int megabytes in (int[])[15, 17, 25])
        {
            database.Run("insert into direct_messages (sender_id, receiver_id, content) values ($1, $2, $3)", hostile, me, new string('x', megabytes << 20));
        }

        database.Run("insert into direct_messages (sender_id, receiver_id, content, is_encrypted, encryption_metadata) values ($1, $2, '', true, '[]'), ($1, $2, '{', true, '7'), ($1, $2, 'AAAA', true, '{\"iv\":7,\"auth_tag\":null}')", hostile, me);
        string longId = new('\u00fc', 255);
        database.Run("insert into direct_message_keys (conversation_id, key_id, symmetric_key, created_by) values ($1, 'long', $2, $3)", longId, Convert.ToBase64String(new byte[32]), me);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        MessageMigrationReport report = await Migrated.Messages(database.As(me), world.Users[0]).MigrateExistingMessagesAsync();
        Assert.Equal(MessageMigrationOutcome.Completed, report.Outcome);
        Assert.Equal(world.Messages.Count(Migrated.IsReadable) + 1, report.Counts.Migrated);
        Assert.Equal(2, report.Unreadable.Count(message => message.Reason == E2EError.LimitExceeded));
    }

    [Fact]
    public async Task A_key_under_another_spelling_of_the_conversation_is_wrapped_for_both_and_used()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(3, 0, 90);
        world.WriteTo(database.Owner);
        database.Run("update direct_message_keys set conversation_id = 'dm_' || substr(conversation_id, 41, 36) || '_' || substr(conversation_id, 4, 36) where id = (select min(id::text)::uuid from direct_message_keys)");
        database.Run("update direct_message_keys set conversation_id = 'dm_' || upper(substr(conversation_id, 4)) where id = (select max(id::text)::uuid from direct_message_keys)");
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        Assert.Equal(6, database.Scalar<long>("select count(*) from conversation_keys"));

        // Read with a key pair that never agreed on anything: the wrapped copies alone open what lay under the stored keys.
        foreach (LegacyPair pair in world.Pairs)
        {
            using ConversationArchive archive = await ConversationArchive.OfDirectAsync(
                database.As(pair.First.Id), new UserKeys(pair.First.Id, [pair.First.Keys]), pair.Second.Id, new NoPeers(),
                Migrated.Derivation, Migrated.Legacy);
            Assert.Contains(Between(world, pair), message => Opens(archive, message));
        }
    }

    [Fact]
    public async Task A_resumed_run_reports_what_was_unreadable_before_it_was_stopped()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(2, 0, 600));
        (TestDatabase database, LegacyWorld world, _) = start;
        LegacyUser user = world.Users[0];
        using var cancel = new CancellationTokenSource();
        int batches = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Migrated.Messages(database.As(user.Id), user, batch: 50)
            .MigrateExistingMessagesAsync(new Forwarded(() => { if (++batches == 6) { cancel.Cancel(); } }), cancel.Token));
        MessageMigrationReport report = await Migrated.Messages(database.As(user.Id), user, batch: 50).MigrateExistingMessagesAsync();
        Assert.Equal(world.Messages.Count(message => message.Unreadable), report.Counts.Failed);
    }

    [Fact]
    public async Task Peers_without_a_key_are_no_failures_and_the_default_rate_holds()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(3, 0, 300);
        world.Messages.RemoveAll(message => message.Unreadable);
        world.Users[1].Trouble = KeyTrouble.Missing;
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        MessageMigrationReport report = await Migrated.Messages(
            database.As(world.Users[0].Id), world.Users[0], maxFailureRate: 0.05).MigrateExistingMessagesAsync();
        Assert.Equal((MessageMigrationOutcome.Completed, 0L), (report.Outcome, report.Counts.Failed));
        Assert.True(report.Counts.Migrated > 0);
    }

    private static async Task<List<string>> ReadAnywayAsync(
        TestDatabase database, LegacyUser reader, LegacyUser peer, List<WorldMessage> messages)
    {
        using ConversationArchive archive = await ConversationArchive.OfDirectAsync(
            database.As(reader.Id), new UserKeys(reader.Id, [reader.Keys]), peer.Id, new ListedPeerKeys(database.As(reader.Id)),
            Migrated.Derivation, Migrated.Legacy);
        Dictionary<Guid, object[]> rows = TestDatabase.Rows(database.As(reader.Id),
            "select id, content, encryption_metadata::text, is_encrypted from direct_messages").ToDictionary(row => (Guid)row[0]);
        return [.. messages.Select(message => rows[message.Id]).Select(row =>
            archive.OpenLegacy((string)row[1], row[2] as string, (bool)row[3]).Content)];
    }

    private static IEnumerable<WorldMessage> Between(LegacyWorld world, LegacyPair pair) => world.Messages.Where(message =>
        message.IsEncrypted && message.Protection == E2E.Legacy.LegacyProtection.Encrypted
        && new[] { message.Sender, message.Receiver }.All(user => user == pair.First || user == pair.Second));

    private static bool Opens(ConversationArchive archive, WorldMessage message)
    {
        try
        {
            return archive.OpenLegacy(message.Content, message.Metadata, message.IsEncrypted).Content == message.Text;
        }
        catch (E2EException)
        {
            return false;
        }
    }

    private static string Pulse(TestDatabase database) =>
        database.Scalar<string>("select md5(string_agg(m::text, '' order by id)) from chat_messages m");

    private static async Task<(long Legacy, long Archived)> CountsAsync(TestDatabase database)
    {
        MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
        return (status.LegacyMessages, status.ArchivedMessages);
    }

    private sealed class NoPeers : IPeerKeys
    {
        public ValueTask<IReadOnlyList<X25519PublicKey>> GetAsync(Guid userId, CancellationToken cancellationToken) => new([]);
    }

    private sealed class Forwarded(Action action) : IProgress<MessageMigrationProgress>
    {
        public void Report(MessageMigrationProgress value) => action();
    }
}
