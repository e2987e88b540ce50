using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

[Collection(OnAnotherPostgres.Name)]
public sealed class SchemaMigrationPhases(PostgresServer server)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Rollback_from_every_phase_restores_shape_keys_and_messages_byte_for_byte(int phase)
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(12, 6, 200);
        world.WriteTo(database.Owner);
        string keys = Migrated.Fingerprint(database);
        string shape = Migrated.Shape(database);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);

        await schema.ExpandAsync();
        if (phase >= 2) { await schema.WrapAsync(recovery.PublicKey); }
        if (phase >= 3) { await schema.VerifyAsync(); }
        if (phase >= 4) { await Migrated.AllMessagesAsync(database, world); }
        if (phase >= 5) { await schema.ContractAsync(acceptLoss: true); }
        await schema.RollbackAsync(recovery, "the operator's choice");

        Assert.Equal(keys, Migrated.Fingerprint(database));
        Assert.Equal(shape, Migrated.Shape(database));
        MigrationStatus status = await schema.ReadStatusAsync();
        Assert.Equal(("failed", "rolled_back", "the operator's choice"), (status.Status, status.Phase, status.ErrorMessage));
        await schema.RollbackAsync(recovery, "again");

        // And forward again.
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await schema.ContractAsync(acceptLoss: true);
        Assert.Equal("completed", (await schema.ReadStatusAsync()).Status);
    }

    [Fact]
    public async Task Every_phase_run_twice_leaves_the_same_state()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(12, 6, 20).WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        for (int i = 0; i < 2; i++)
        {
            await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        }

        string wrapped = Wrapped(database);
        await schema.WrapAsync(recovery.PublicKey);
        Assert.Equal(wrapped, Wrapped(database));
        await schema.VerifyAsync();
        await schema.ContractAsync(acceptLoss: true);
        MigrationStatus once = await schema.ReadStatusAsync();
        await schema.ContractAsync();
        await schema.ExpandAsync();
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        Assert.Equal(once, await schema.ReadStatusAsync());
    }

    [Fact]
    public async Task Completed_is_set_by_contract_and_not_before()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 0);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        using NpgsqlDataSource user = database.Login(world.Users[0].Id);
        foreach (Func<Task> phase in (Func<Task>[])[() => schema.ExpandAsync(), () => schema.WrapAsync(recovery.PublicKey), () => schema.VerifyAsync()])
        {
            await phase();
            Assert.Equal("in_progress", (await schema.ReadStatusAsync()).Status);
            Assert.False(await Migrated.Messages(user, world.Users[0]).IsMigrationCompletedAsync());
        }

        await schema.ContractAsync();
        Assert.True(await Migrated.Messages(user, world.Users[0]).IsMigrationCompletedAsync());
    }

    [Fact]
    public async Task Nothing_is_dropped_while_a_member_would_lose_access_unless_the_operator_names_it()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(60, 10, 0);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);

        IReadOnlyList<UnservedMember> unserved = await schema.ReadUnservedAsync(1000);
        Assert.Contains(unserved, member => member.UserId == world.Users[10].Id && member.Reason == "no_active_key");
        var refused = await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync());
        Assert.Equal(MigrationRefusal.AccessWouldBeLost, refused.Reason);
        Assert.True((await schema.ReadStatusAsync()).PlaintextKeys > 0);

        // The member publishes a key: wrapping again serves them, and nobody loses anything.
        foreach (LegacyUser user in world.Users.Where(user => user.Trouble != KeyTrouble.None))
        {
            database.Run("insert into user_public_keys (user_id, key_id, public_key) values ($1, 'new', $2)", user.Id, user.Keys.PublicKey.ToBase64());
        }

        // The key that never was one is the operator's to remove.
        database.Run("delete from pulse_chat_keys where symmetric_key = 'not base64!'");
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        await schema.ContractAsync();
        Assert.Equal(0, (await schema.ReadStatusAsync()).PlaintextKeys);
    }

    [Fact]
    public async Task Each_trouble_with_a_public_key_is_listed_with_its_reason()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(260, 0, 0);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        Dictionary<Guid, string> reasons = (await Migrated.Schema(database).ReadUnservedAsync(1000))
            .DistinctBy(member => member.UserId).ToDictionary(member => member.UserId!.Value, member => member.Reason);
        Assert.Equal(world.Users.Count(user => user.Trouble != KeyTrouble.None), reasons.Count);
        Assert.All(world.Users.Where(user => user.Trouble != KeyTrouble.None), user => Assert.Equal(user.Trouble switch
        {
            KeyTrouble.Expired => "expired_key",
            KeyTrouble.Malformed or KeyTrouble.TooShort => "malformed_key",
            _ => "no_active_key",
        }, reasons[user.Id]));
    }

    [Fact]
    public async Task A_key_that_the_legacy_app_writes_or_changes_after_wrapping_is_not_dropped()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 0);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);

        database.Run("update pulse_chat_keys set symmetric_key = $1", Convert.ToBase64String(new byte[32]));
        var refused = await Assert.ThrowsAsync<MigrationException>(() => schema.ContractAsync());
        Assert.Equal(MigrationRefusal.OutOfOrder, refused.Reason);
        await schema.WrapAsync(recovery.PublicKey);
        await schema.VerifyAsync();
        await schema.ContractAsync();
    }

    [Fact]
    public async Task Plaintext_copies_that_an_earlier_migration_left_are_sealed_and_go()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 0);
        world.WriteTo(database.Owner);
        database.Run("create table pulse_chat_keys_backup as select * from pulse_chat_keys; grant all on pulse_chat_keys_backup to authenticated");
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(world.Users[0].Id), "select * from pulse_chat_keys_backup"));
        await Migrated.Schema(database).ContractAsync();
        Assert.Empty(await PlaintextCheck.RunAsync(database.Owner));
        Assert.Equal(4, database.Scalar<long>("select count(*) from e2e_key_backup where source_table like 'pulse%'"));
    }

    [Fact]
    public async Task Two_operators_at_once_wrap_every_key_once()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(400, 60, 0).WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            await Migrated.Schema(database).ExpandAsync();
            await Migrated.Schema(database).WrapAsync(recovery.PublicKey);
        }));
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Migrated.Schema(database).VerifyAsync()));
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Migrated.Schema(database).ContractAsync(acceptLoss: true)));
        Assert.Equal("completed", (await Migrated.Schema(database).ReadStatusAsync()).Status);
    }

    [Fact]
    public async Task Another_recovery_key_neither_wraps_nor_restores()
    {
        using TestDatabase database = server.NewDatabase();
        new LegacyWorld(4, 2, 0).WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        using var other = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        SecureKeyExchangeMigration schema = Migrated.Schema(database);
        Assert.Equal(MigrationRefusal.WrongRecoveryKey, (await Assert.ThrowsAsync<MigrationException>(() => schema.WrapAsync(other.PublicKey))).Reason);
        Assert.Equal(MigrationRefusal.WrongRecoveryKey, (await Assert.ThrowsAsync<MigrationException>(() => schema.RollbackAsync(other, "x"))).Reason);
    }

    private static string Wrapped(TestDatabase database) => database.Scalar<string>(
        "select md5(string_agg(md5(w::text), '' order by conversation_id, recipient_id, source_id, recipient_key_id)) from conversation_keys w");
}
