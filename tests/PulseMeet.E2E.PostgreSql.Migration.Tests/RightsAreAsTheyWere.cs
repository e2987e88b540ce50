using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>Attack 58: rights before and after, by the catalog.</summary>
[Collection(OnPostgres.Name)]
public sealed class RightsAreAsTheyWere(PostgresServer server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rollback_restores_rights_policies_and_indexes_exactly_as_the_platform_had_them(bool contracted)
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 20);
        world.WriteTo(database.Owner);
        database.Run(
            """
            alter table direct_message_keys enable row level security;
            create policy own on direct_message_keys for select to authenticated using (created_by = auth.uid());
            create index own_index on direct_message_keys (created_by, created_at);
            revoke insert, update, delete, truncate on direct_message_keys from authenticated;
            revoke all on pulse_chat_keys from authenticated;
            grant select (id, key_id, symmetric_key) on pulse_chat_keys to authenticated;
            grant select on pulse_chat_keys to anon;
            create index by_key on pulse_chat_keys (md5(symmetric_key));
            create index by_text on pulse_chat_keys (symmetric_key);
            grant select on pulses to anon;
            grant references, trigger on direct_messages to public;
            revoke delete on chat_messages from service_role
            """);
        string before = Rights(database);
        long seen = TestDatabase.Scalar<long>(database.As(world.Users[0].Id), "select count(*) from direct_message_keys");
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await Migrated.Schema(database).ExpandAsync();
        if (contracted)
        {
            await Migrated.Schema(database).ContractAsync();
            Assert.Empty(database.Rows("select 1 from pg_class where relname = 'direct_message_keys' and relnamespace = 'public'::regnamespace"));
            Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(world.Users[0].Id), "select 1 from pulsemeet_e2e_retired.direct_message_keys"));
        }

        await Migrated.Schema(database).RollbackAsync(recovery, "test");
        Assert.Equal(before, Rights(database));
        Assert.Equal(seen, TestDatabase.Scalar<long>(database.As(world.Users[0].Id), "select count(*) from direct_message_keys"));
    }

    [Fact]
    public async Task A_right_that_was_revoked_between_expand_and_rollback_does_not_come_back()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(4, 2, 0));
        (TestDatabase database, _, X25519KeyPair recovery) = start;
        database.Run("revoke all on pulse_chat_keys from authenticated");
        await Migrated.Schema(database).RollbackAsync(recovery, "test");
        Assert.False(database.Scalar<bool>("select has_table_privilege('authenticated', 'pulse_chat_keys', 'select, insert, update, delete')"));
    }

    [Fact]
    public async Task A_user_who_says_that_they_are_restoring_passes_nothing_through_the_trigger()
    {
        using Verified start = await Verified.CreateAsync(server, new LegacyWorld(2, 0, 40));
        (TestDatabase database, LegacyWorld world, _) = start;
        await Migrated.AllMessagesAsync(database, world);
        (Guid a, Guid b) = (world.Users[0].Id, world.Users[1].Id);
        Assert.Equal("42501", Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(a),
            $"set pulsemeet_e2e.restoring = 'on'; insert into direct_messages (sender_id, receiver_id, content) values ('{a}', '{b}', 'legacy')")).SqlState);
    }

    [Fact]
    public async Task Who_joins_a_pulse_does_not_close_it_for_the_others()
    {
        using Verified start = await Verified.CreateAsync(
            server, new LegacyWorld(12, 1, 60),
            world: w => w.Users[10].Trouble = KeyTrouble.None);
        (TestDatabase database, LegacyWorld world, _) = start;
        LegacyPulse pulse = world.Pulses[0];
        await Migrated.Messages(database.As(pulse.Members[1].Id), pulse.Members[1]).MigrateExistingMessagesAsync();
        LegacyUser stranger = world.Users.First(user => !pulse.Members.Contains(user));
        TestDatabase.Run(database.As(stranger.Id), "insert into pulse_participants (pulse_id, user_id) values ($1, $2)", pulse.Id, stranger.Id);
        TestDatabase.Run(database.As(stranger.Id), "select e2e_mark_migrated($1)", pulse.Id.ToString("D"));
        Assert.Equal(0, database.Scalar<long>("select count(*) from e2e_migrated_conversations where conversation_id = $1", pulse.Id.ToString("D")));
        TestDatabase.Run(database.As(pulse.Members[0].Id), "insert into chat_messages (pulse_id, sender_id, content) values ($1, $2, 'legacy')", pulse.Id, pulse.Members[0].Id);
    }

    private static string Rights(TestDatabase database) => string.Join('\n', database.Rows(
        """
        with t as (select c.* from pg_class c where c.relnamespace = 'public'::regnamespace and c.relname = any($1))
        select format('%s %s %s %s', t.relname, a.grantee::regrole, a.privilege_type, a.is_grantable)
          from t cross join lateral aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) a
        union all select format('%s.%s %s %s', t.relname, c.attname, a.grantee::regrole, a.privilege_type)
          from t join pg_attribute c on c.attrelid = t.oid and not c.attisdropped cross join lateral aclexplode(c.attacl) a
        union all select format('%s rls %s %s', t.relname, t.relrowsecurity, t.relforcerowsecurity) from t
        union all select format('%s policy %s %s %s %s %s', tablename, policyname, cmd, roles, qual, with_check) from pg_policies
          where schemaname = 'public' and tablename = any($1)
        union all select indexdef from pg_indexes where schemaname = 'public' and tablename = any($1)
        union all select format('%s trigger %s', t.relname, g.tgname) from t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
        order by 1
        """,
        (object)new[] { "pulses", "pulse_participants", "user_public_keys", "pulse_chat_keys", "direct_message_keys", "direct_messages", "chat_messages" })
        .Select(row => (string)row[0]));
}
