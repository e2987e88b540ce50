using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>What the operator is not told, the migration does not do.</summary>
[Collection(OnPostgres.Name)]
public sealed class NothingIsLostUnnamed(PostgresServer server)
{
    [Theory]
    [InlineData("conversation_id", "7f3e-conversation", "unknown_peer")]
    [InlineData("conversation_id", "dm_nobody", "no_members")]
    [InlineData("symmetric_key", "-_-_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "malformed_symmetric_key")]
    [InlineData("symmetric_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "malformed_symmetric_key")]
    public async Task A_key_that_would_serve_nobody_is_listed_counted_and_holds_contract_back(string column, string value, string reason)
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(3, 0, 0).WriteTo(database.Owner);
        database.Run($"update direct_message_keys set {column} = $1 where id = (select min(id::text)::uuid from direct_message_keys)", value);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        MigrationForecast forecast = await schema.ForecastAsync();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);

        MigrationStatus status = await schema.ReadStatusAsync();
        Assert.True(status.MembersWithoutAccess > 0);
        Assert.Equal(status.MembersWithoutAccess, forecast.Losses);
        Assert.All(await schema.ReadUnservedAsync(10), member => Assert.Equal(reason, member.Reason));
        Assert.Equal(MigrationRefusal.AccessWouldBeLost, (await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync())).Reason);
        await schema.ContractAsync(acceptLoss: true);
    }

    [Fact]
    public async Task Copies_that_were_sealed_to_keys_since_retired_hold_contract_back()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(3, 1, 0));
        (TestDatabase database, LegacyWorld world, X25519KeyPair recovery) = start;
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        database.Run("update user_public_keys set is_active = false where user_id = $1", world.Users[0].Id);
        await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync());
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        Assert.Equal(MigrationRefusal.AccessWouldBeLost, (await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync())).Reason);
    }

    [Fact]
    public async Task Another_public_key_under_the_same_id_is_served_apart_and_its_predecessors_copies_stay()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(3, 1, 0));
        (TestDatabase database, LegacyWorld world, X25519KeyPair recovery) = start;
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        LegacyPulse pulse = world.Pulses[0];
        LegacyUser user = pulse.Members[0];
        long before = Copies();
        using X25519KeyPair next = X25519KeyPair.Generate();
        database.Run("update user_public_keys set public_key = $2 where user_id = $1", user.Id, next.PublicKey.ToBase64());
        await Assert.ThrowsAsync<MigrationException>(() => schema.VerifyAsync());
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        Assert.Equal(2 * before, Copies());
        foreach (X25519KeyPair keys in (X25519KeyPair[])[user.Keys, next])
        {
            using ConversationArchive archive = await ConversationArchive.OfPulseAsync(
                database.As(user.Id), new UserKeys(user.Id, [keys]), pulse.Id, Migrated.Derivation, Migrated.Legacy);
            Assert.NotEmpty(archive.ArchiveKeys);
        }

        long Copies() => database.Scalar<long>("select count(*) from conversation_keys where recipient_id = $1", user.Id);
    }

    [Fact]
    public async Task Attack_60_a_role_that_sees_part_of_the_rows_is_told_so_and_gets_no_count()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(3, 1, 20));
        (TestDatabase database, LegacyWorld world, _) = start;
        foreach (NpgsqlDataSource source in (NpgsqlDataSource[])[database.As(world.Users[0].Id), database.AsRole("anon")])
        {
            var schema = new SecureKeyExchangeMigration(source, TimeProvider.System);
            Assert.Equal(MigrationRefusal.CannotSee, (await Assert.ThrowsAsync<MigrationException>(() => PlaintextCheck.RunAsync(source))).Reason);
            Assert.Equal(MigrationRefusal.CannotSee, (await Assert.ThrowsAsync<MigrationException>(() => schema.ReadStatusAsync())).Reason);
        }
    }

    [Fact]
    public async Task Three_operators_who_go_all_the_way_at_once_all_arrive()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(60, 20, 0).WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
            await Migrated.Schema(database).ContractAsync(acceptLoss: true);
        })));
        Assert.Equal("completed", (await Migrated.Schema(database).ReadStatusAsync()).Status);
    }

    [Fact]
    public async Task Backups_are_not_dropped_while_messages_lie_under_keys_that_only_they_hold()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(2, 0, 20));
        (TestDatabase database, _, X25519KeyPair recovery) = start;
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        await schema.ContractAsync();
        Assert.Equal(MigrationRefusal.AccessWouldBeLost, (await Assert.ThrowsAsync<MigrationException>(() => schema.DropBackupsAsync())).Reason);
        await schema.DropBackupsAsync(acceptLoss: true);
        Assert.Equal(MigrationRefusal.NothingToRestore, (await Assert.ThrowsAsync<MigrationException>(() => schema.RollbackAsync(recovery, "late"))).Reason);
    }

    [Fact]
    public async Task Originals_that_do_not_open_stop_a_rollback_with_their_names_before_it_changes_anything()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(2, 0, 20));
        (TestDatabase database, LegacyWorld world, X25519KeyPair recovery) = start;
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        NpgsqlDataSource hostile = database.As(world.Users[0].Id);
        Guid backup = Guid.NewGuid();
        Guid id = world.Messages[10].Id;
        TestDatabase.Run(hostile, "select e2e_begin_backup_key($1, $2)", backup, new byte[80]);
        Assert.Single(TestDatabase.Rows(hostile,
            "select e2e_reseal_direct($1, array[id], array[e2e_row_version(content, encryption_metadata, is_encrypted)], array['junk'], array['\\x00'::bytea]) from direct_messages where id = $2",
            backup, id));
        await Migrated.AllMessagesAsync(database, world);
        await schema.ContractAsync();

        string before = State();
        Assert.Equal(MigrationRefusal.CorruptBackup, (await Assert.ThrowsAsync<MigrationException>(() => schema.CheckRollbackAsync(recovery))).Reason);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => schema.RollbackAsync(recovery, "test"));
        Assert.Equal(MigrationRefusal.CorruptBackup, refused.Reason);
        Assert.Contains(id.ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, State());
        await schema.RollbackAsync(recovery, "test", acceptLoss: true);
        Assert.Equal("rolled_back", (await schema.ReadStatusAsync()).Phase);

        // Messages, backups, and the right to re-seal.
        string State() => database.Scalar<string>(
            """
            select md5(string_agg(m::text, '' order by m.id)) || (select md5(string_agg(b::text, '' order by b.message_id)) from e2e_message_backup b)
              || has_function_privilege('authenticated', 'e2e_reseal_direct(uuid, uuid[], bytea[], text[], bytea[])', 'execute')
            from direct_messages m
            """);
    }

    [Fact]
    public async Task A_corrupt_backup_of_a_key_is_named_by_its_row()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(3, 1, 0));
        (TestDatabase database, _, X25519KeyPair recovery) = start;
        Guid row = database.Scalar<Guid>("update e2e_key_backup set sealed_row = sealed_row || '\\x00' where ctid = (select min(ctid) from e2e_key_backup where source_table = 'pulse_chat_keys') returning source_id");
        var refused = await Assert.ThrowsAsync<MigrationException>(() => Migrated.Schema(database).RollbackAsync(recovery, "test"));
        Assert.Contains($"pulse_chat_keys {row}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_expand_waits_for_a_table_that_the_app_holds_other_readers_do_not_wait_behind_it()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(3, 1, 20).WriteTo(database.Owner);
        await using NpgsqlConnection app = await database.Owner.OpenConnectionAsync();
        await using NpgsqlTransaction open = await app.BeginTransactionAsync();
        await using (NpgsqlCommand read = new("lock table chat_messages in access share mode", app, open)) { await read.ExecuteNonQueryAsync(); }
        Task expand = Task.Run(() => Migrated.Schema(database).ExpandAsync());
        await using NpgsqlConnection other = await database.Owner.OpenConnectionAsync();
        do
        {
            // The server itself is the judge: it ends a statement that waits for more than 4 seconds.
            await using NpgsqlCommand read = new("set statement_timeout = '4s'; select count(*) from chat_messages", other);
            await read.ExecuteScalarAsync();
        }
        while (database.Scalar<long>("select count(*) from pg_locks where not granted and relation = 'chat_messages'::regclass") == 0);
        await using (NpgsqlCommand read = new("select count(*) from chat_messages", other)) { await read.ExecuteScalarAsync(); }
        await open.CommitAsync();
        await expand;
        Assert.Equal("expanded", (await Migrated.Schema(database).ReadStatusAsync()).Phase);
        Assert.Equal(3, database.Scalar<long>("select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname like 'e2e\\_%\\_%' and c.relname in ('e2e_direct_messages_sender', 'e2e_direct_messages_receiver', 'e2e_chat_messages_pulse') and i.indisvalid"));
    }
}
