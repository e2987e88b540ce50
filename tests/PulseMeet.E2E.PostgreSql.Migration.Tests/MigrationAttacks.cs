using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>The migration's lines of the attack list, by number.</summary>
[Collection(OnPostgres.Name)]
public sealed class MigrationAttacks(PostgresServer server)
{
    [Fact]
    public async Task Attack_36_once_migrated_a_legacy_message_is_refused_by_the_server_and_by_the_reader()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(3, 1, 60);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        LegacyPair pair = world.Pairs[0];
        NpgsqlDataSource sender = database.As(pair.First.Id);
        const string Insert = "insert into direct_messages (sender_id, receiver_id, content) values ($1, $2, 'legacy')";
        TestDatabase.Run(sender, Insert, pair.First.Id, pair.Second.Id);
        await Migrated.AllMessagesAsync(database, world);

        Assert.Equal("42501", Assert.Throws<PostgresException>(() => TestDatabase.Run(sender, Insert, pair.First.Id, pair.Second.Id)).SqlState);
        Assert.Equal("42501", Assert.Throws<PostgresException>(() =>
            database.Run("update direct_messages set content = 'downgraded', key_version = 1 where sender_id = $1", pair.First.Id)).SqlState);

        WorldMessage message = world.Messages.First(m => m.Receiver is not null && Migrated.IsReadable(m) && m.IsEncrypted);
        using ArchiveKey key = ArchiveKey.Import(new byte[32]);
        Assert.Equal(E2EError.UnsupportedVersion, Assert.Throws<E2EException>(() =>
            ArchivedMessage.Open([key], Migrated.Sealer, Migrated.Context(message), message.Content, 1)).Reason);
        Assert.Throws<E2EException>(() =>
            ArchivedMessage.Open([key], Migrated.Sealer, Migrated.Context(message), message.Content, MessageRow.ArchiveVersion));
    }

    [Fact]
    public async Task Attack_36_what_protected_a_legacy_message_travels_with_it_sealed()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 50);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await Migrated.AllMessagesAsync(database, world);
        WorldMessage plain = world.Messages.First(m => !m.IsEncrypted);
        database.Run("update direct_messages set encryption_metadata = encryption_metadata || '{\"protection\":\"end-to-end\"}' where id = $1", plain.Id);

        ArchivedMessage? read = (await Migrated.ReadAsync(database.As(plain.Sender.Id), plain.Sender, [plain]))[0];
        Assert.Equal(LegacyProtection.Plaintext, read!.FormerProtection);
    }

    [Fact]
    public async Task Attack_37_stopped_at_each_batch_the_migration_resumes_to_the_same_end_state()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 60);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        LegacyUser user = world.Users[0];
        long before = 0;
        for (int stop = 1; ; stop++)
        {
            using var cancel = new CancellationTokenSource();
            int batches = 0;
            try
            {
                await Migrated.Messages(database.As(user.Id), user, batch: 1)
                    .MigrateExistingMessagesAsync(new StopAfter(() => ++batches == stop, cancel), cancel.Token);
                break;
            }
            catch (OperationCanceledException)
            {
                MigrationStatus status = await Migrated.Schema(database).ReadStatusAsync();
                Assert.Equal(status.ArchivedMessages, status.MessageBackups);
                Assert.True(status.ArchivedMessages >= before);
                before = status.ArchivedMessages;
            }
        }

        Assert.Equal(world.Messages.Count(Migrated.IsReadable), (await Migrated.Schema(database).ReadStatusAsync()).ArchivedMessages);
    }

    [Fact]
    public async Task Attack_37_nothing_is_deleted_before_its_replacement_has_been_verified()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 0);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        await schema.ExpandAsync();
        Assert.Equal(MigrationRefusal.OutOfOrder, (await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync())).Reason);
        await schema.WrapAsync(recovery.PublicKey);
        database.Run("delete from conversation_keys where ctid = (select min(ctid) from conversation_keys)");
        Assert.Equal(MigrationRefusal.NotVerified, (await Assert.ThrowsAsync<MigrationException>(() => schema.VerifyAsync())).Reason);
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        database.Run("delete from e2e_key_backup where ctid = (select min(ctid) from e2e_key_backup)");
        await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync());
        Assert.True((await schema.ReadStatusAsync()).PlaintextKeys > 0);
    }

    [Fact]
    public async Task Attack_37_a_row_that_changed_since_it_was_read_is_not_written_over()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(2, 0, 40);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        NpgsqlDataSource source = database.As(world.Users[0].Id);
        Guid backup = Guid.NewGuid();
        TestDatabase.Run(source, "select e2e_begin_backup_key($1, $2)", backup, new byte[80]);
        Guid id = world.Messages[0].Id;
        byte[] version = database.Scalar<byte[]>("select e2e_row_version(content, encryption_metadata, is_encrypted) from direct_messages where id = $1", id);
        database.Run("update direct_messages set content = 'edited meanwhile' where id = $1", id);

        Assert.Empty(TestDatabase.Rows(source, "select e2e_reseal_direct($1, $2, $3, $4, $5)",
            backup, new[] { id }, new[] { version }, new[] { "sealed" }, new[] { new byte[60] }));
        Assert.Equal("edited meanwhile", database.Scalar<string>("select content from direct_messages where id = $1", id));
        Assert.Equal(0, database.Scalar<long>("select count(*) from e2e_message_backup"));
    }

    [Fact]
    public async Task Attack_38_a_restored_key_never_replaces_a_newer_one()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(4, 2, 0).WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        string newer = Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray());
        database.Run("update pulse_chat_keys set symmetric_key = $1", newer);
        database.Run("update direct_message_keys set symmetric_key = $1", newer);
        await Migrated.Schema(database).RollbackAsync(recovery, "test");
        Assert.All(database.Rows("select symmetric_key from pulse_chat_keys union all select symmetric_key from direct_message_keys"),
            row => Assert.Equal(newer, row[0]));
    }

    private sealed class StopAfter(Func<bool> when, CancellationTokenSource cancel) : IProgress<MessageMigrationProgress>
    {
        public void Report(MessageMigrationProgress value)
        {
            if (when())
            {
                cancel.Cancel();
            }
        }
    }
}
