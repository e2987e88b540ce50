using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>Each role tries every table and function that the catalog lists: a new one that nobody thought about fails.</summary>
[Collection(OnPostgres.Name)]
public sealed class EveryRoleTriesEverything(PostgresServer server)
{
    /// <summary>What a user may at all do; row level security then narrows it. Everything else is denied.</summary>
    private static readonly Dictionary<string, string> s_userMay = new()
    {
        ["conversation_keys"] = "select",
        ["e2e_migrated_conversations"] = "select",
        ["key_exchange_status"] = "select insert update",
        ["e2e_message_progress"] = "select insert update delete",
        ["e2e_accounts"] = "select insert",
        ["e2e_devices"] = "select insert update delete",
        ["e2e_one_time_prekeys"] = "select insert delete",
        ["pulses"] = "select insert update delete",
        ["pulse_participants"] = "select insert update delete",
        ["user_public_keys"] = "select insert update delete",
        ["pulse_chat_keys"] = "select insert update delete",
        ["direct_message_keys"] = "select insert update delete",
        ["direct_messages"] = "select insert update delete",
        ["chat_messages"] = "select insert update delete",
    };

    private static readonly string[] s_userCalls =
    [
        "e2e_my_pulses", "e2e_is_member", "get_conversation_participants", "can_establish_secure_communication",
        "is_migration_completed", "e2e_direct_conversation", "e2e_row_version", "e2e_claim_bundle", "e2e_count_prekeys",
        "e2e_recovery_public_key", "e2e_begin_backup_key", "e2e_reseal_direct", "e2e_reseal_chat", "e2e_mark_migrated", "e2e_is_archived", "e2e_is_closed",
        "e2e_may_reseal", "e2e_usable_keys",
    ];

    /// <summary>Tables whose every row any user may read: public material.</summary>
    private static readonly string[] s_public = ["pulses", "user_public_keys", "e2e_accounts", "e2e_devices"];

    [Fact]
    public async Task Anon_may_nothing_a_user_only_what_is_listed_and_nobody_truncates()
    {
        using TestDatabase database = await ExpandedAsync();
        foreach (string table in Tables(database))
        {
            foreach (string privilege in (string[])["select", "insert", "update", "delete", "truncate", "references", "trigger"])
            {
                Assert.False(May("anon", table, privilege), $"anon may {privilege} {table}");
                bool expected = s_userMay.GetValueOrDefault(table, "").Split(' ').Contains(privilege);
                Assert.True(expected == May("authenticated", table, privilege), $"authenticated, {privilege}, {table}");
            }

            Assert.True(database.Scalar<bool>("select relrowsecurity from pg_class where oid = ('public.' || $1)::regclass", table), table);
            Assert.Throws<PostgresException>(() => TestDatabase.Rows(database.AsRole("anon"), $"select * from public.{table} limit 1"));
            TestDatabase.Rows(database.AsRole("service_role"), $"select * from public.{table} limit 1");
        }

        bool May(string role, string table, string privilege) =>
            database.Scalar<bool>("select has_table_privilege($1, 'public.' || $2, $3)", role, table, privilege);
    }

    [Fact]
    public async Task Anon_calls_no_function_a_user_only_what_is_listed_and_definers_pin_their_search_path()
    {
        using TestDatabase database = await ExpandedAsync();
        List<object[]> functions = database.Rows(
            """
            select p.proname::text, p.oid::regprocedure::text, has_function_privilege('anon', p.oid, 'execute'),
              has_function_privilege('authenticated', p.oid, 'execute'), has_function_privilege('service_role', p.oid, 'execute'),
              p.prosecdef and not coalesce(array_to_string(p.proconfig, ',') like '%search_path=pg_catalog, pg_temp%', false)
            from pg_proc p where p.pronamespace = 'public'::regnamespace
            """);
        Assert.True(functions.Count >= 20);
        foreach (object[] function in functions)
        {
            Assert.False((bool)function[2], $"anon calls {function[1]}");
            Assert.True(s_userCalls.Contains((string)function[0]) == (bool)function[3], $"authenticated, {function[1]}");
            Assert.True((bool)function[4], $"service_role, {function[1]}");
            Assert.False((bool)function[5], $"search_path of {function[1]}");
        }
    }

    [Fact]
    public async Task A_user_sees_only_rows_that_concern_them_in_every_table()
    {
        using TestDatabase database = await ExpandedAsync();
        Guid stranger = Guid.NewGuid();
        database.Run("insert into auth.users (id) values ($1)", stranger);
        foreach (string table in s_userMay.Keys)
        {
            long seen = TestDatabase.Scalar<long>(database.As(stranger), $"select count(*) from public.{table}");
            long all = database.Scalar<long>($"select count(*) from public.{table}");
            Assert.True(all > 0, $"{table} is empty: the test would show nothing");
            Assert.Equal(s_public.Contains(table) ? all : 0, seen);
            if (s_userMay[table].Contains("update", StringComparison.Ordinal))
            {
                string column = database.Scalar<string>("select attname::text from pg_attribute where attrelid = ('public.' || $1)::regclass and attnum = 1", table);
                using NpgsqlCommand update = database.As(stranger).CreateCommand($"update public.{table} set {column} = {column}");
                Assert.Equal(0, update.ExecuteNonQuery());
            }

            if (s_userMay[table].Contains("delete", StringComparison.Ordinal))
            {
                using NpgsqlCommand delete = database.As(stranger).CreateCommand($"delete from public.{table}");
                Assert.Equal(0, delete.ExecuteNonQuery());
            }
        }

        // A login with the role but without a user sees no more.
        Assert.Equal(0, TestDatabase.Scalar<long>(database.AsRole("authenticated"), "select count(*) from conversation_keys"));
        Assert.Empty(TestDatabase.Rows(database.AsRole("authenticated"), "select * from get_conversation_participants((select id::text from pulses limit 1))"));
    }

    [Fact]
    public async Task Completion_of_a_key_exchange_is_set_only_by_the_side_that_it_concerns()
    {
        using TestDatabase database = await ExpandedAsync();
        List<object[]> pair = database.Rows("select user_a, user_b from key_exchange_status");
        (Guid a, Guid b) = ((Guid)pair[0][0], (Guid)pair[0][1]);
        Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(a), "update key_exchange_status set user_b_completed = true"));
        Assert.Throws<PostgresException>(() => TestDatabase.Run(database.AsRole("service_role"), "update key_exchange_status set user_b_completed = true"));
        Assert.Throws<PostgresException>(() => TestDatabase.Run(database.As(a), "insert into key_exchange_status values ($1, $2, true, true)", a, Guid.NewGuid()));
        Assert.Throws<PostgresException>(() => database.Run("insert into key_exchange_status (user_a, user_b) values ($1, $2)", b, a));
        TestDatabase.Run(database.As(a), "update key_exchange_status set user_a_completed = true");
        TestDatabase.Run(database.As(b), "update key_exchange_status set user_b_completed = true");
        Assert.True(database.Scalar<bool>("select user_a_completed and user_b_completed from key_exchange_status"));
        Assert.True(TestDatabase.Scalar<bool>(database.As(a), "select can_establish_secure_communication($1, $2)", a, b));
        Assert.False(TestDatabase.Scalar<bool>(database.As(Guid.NewGuid()), "select can_establish_secure_communication($1, $2)", a, b));
    }

    private static List<string> Tables(TestDatabase database) =>
        [.. database.Rows("select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')").Select(row => (string)row[0])];

    private async Task<TestDatabase> ExpandedAsync()
    {
        TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(4, 2, 60);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await Migrated.AllMessagesAsync(database, world);
        Guid[] pair = [.. world.Users.Take(2).Select(user => user.Id).OrderBy(id => id.ToString(), StringComparer.Ordinal)];
        database.Run("insert into key_exchange_status (user_a, user_b) values ($1, $2)", pair[0], pair[1]);
        string user = pair[0].ToString("D");
        database.Run("insert into e2e_message_progress values ($1, 'direct', $1)", pair[0]);
        database.Run("insert into e2e_accounts values ($1, $2)", user, new byte[33]);
        database.Run("insert into e2e_devices values ($1, 'phone', $2, $2, now(), $2, now(), $2, now())", user, new byte[33]);
        database.Run("insert into e2e_one_time_prekeys values ($1, 'phone', 1, 1, $2)", user, new byte[36]);
        return database;
    }
}
