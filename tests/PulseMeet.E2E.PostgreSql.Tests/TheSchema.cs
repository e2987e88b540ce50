using Npgsql;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>The relay makes its own schema on an empty database, once, and lets nobody else in.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class TheSchema(EmptyPostgres server)
{
    private static readonly string s_platform =
        """
        create schema auth;
        create function auth.uid() returns uuid language sql stable as $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
        do $$ declare role text; begin
          foreach role in array array['anon', 'authenticated', 'service_role'] loop
            if not exists (select from pg_roles where rolname = role) then execute 'create role ' || role || ' nologin'; end if;
          end loop;
        end $$;
        grant usage on schema auth to anon, authenticated, service_role;
        alter default privileges grant all on tables to anon, authenticated;
        """;

    [Fact]
    public async Task Relays_that_start_at_once_on_an_empty_database_make_one_schema()
    {
        await using EmptyDatabase database = server.NewDatabase();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(async () =>
            await Users.ListAsync(database.NewRelay(), $"user{n}", ["phone"]))));
        Assert.Equal(6L, database.Scalar<long>("select count(*) from pulsemeet_e2e_relay.account where device_list is not null"));
        Assert.Equal((long)RelaySchema.Version, database.Scalar<long>("select count(*) from pulsemeet_e2e_relay.schema_version"));
        await database.NewRelay().MigrateAsync();
        Assert.Equal("public,pulsemeet_e2e_relay", database.Scalar<string>("select string_agg(nspname, ',' order by nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"));
    }

    [Fact]
    public async Task A_schema_that_was_left_at_an_earlier_version_is_brought_up_and_one_of_a_later_version_is_refused()
    {
        await using EmptyDatabase database = server.NewDatabase();
        await database.NewRelay().MigrateAsync();
        database.Run(
            """
            do $$ declare f regprocedure; begin
              for f in select oid from pg_proc where pronamespace = 'pulsemeet_e2e_relay'::regnamespace and proname like 'clean\_%' loop
                execute 'drop function ' || f;
              end loop;
              delete from pulsemeet_e2e_relay.schema_version where version = 6;
            end $$
            """);
        PostgreSqlRelay relay = database.NewRelay();
        await relay.CleanUpAsync();
        database.Run("insert into pulsemeet_e2e_relay.schema_version (version) values (1000)");
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => database.NewRelay().MigrateAsync());
        Assert.Contains("1000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relay_that_may_not_make_its_schema_says_that_it_is_not_there_and_works_once_it_is()
    {
        await using EmptyDatabase database = server.NewDatabase();
        PostgreSqlRelay relay = database.NewRelay(options: new() { MigrateBeforeFirstCall = false });
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => relay.Connect(new("alice", "phone")).GetDeviceListAsync("bob"))).Reason);
        await database.NewRelay().MigrateAsync();
        Assert.Null(await relay.Connect(new("alice", "phone")).GetDeviceListAsync("bob"));
    }

    [Fact]
    public async Task Attack_58_on_the_platform_no_role_sees_another_users_rows_or_writes_any()
    {
        await using EmptyDatabase database = server.NewDatabase();
        database.Run(s_platform);
        PostgreSqlRelay relay = database.NewRelay(options: new() { UsesPlatformRoles = true });
        (string alice, string bob) = (Guid.NewGuid().ToString("D"), Guid.NewGuid().ToString("D"));
        await Users.ListAsync(relay, alice, ["phone"]);
        await Users.ListAsync(relay, bob, ["phone"]);
        await relay.Connect(new(alice, "phone")).DeliverAsync([Users.Envelope(bob, "phone", "hi")]);
        await relay.MigrateAsync();

        string[] tables = Names(database, "select tablename from pg_tables where schemaname = 'pulsemeet_e2e_relay'");
        Assert.Equal(0L, database.Scalar<long>("select count(*) from pg_class where relnamespace = 'pulsemeet_e2e_relay'::regnamespace and relkind = 'r' and not relrowsecurity"));
        string[] own = ["account", "device", "item"];
        foreach ((string role, string user) in new[] { ("anon", ""), ("authenticated", alice), ("authenticated", bob) })
        {
            await using NpgsqlDataSource source = database.NewSource($"-c role={role} -c request.jwt.claim.sub={user}");
            foreach (string table in tables)
            {
                bool maySee = role == "authenticated" && own.Contains(table);
                Assert.Equal(maySee, await CanAsync(source, $"select count(*) from pulsemeet_e2e_relay.{table}"));
                Assert.False(await CanAsync(source, $"insert into pulsemeet_e2e_relay.{table} default values"));
                Assert.False(await CanAsync(source, $"delete from pulsemeet_e2e_relay.{table}"));
            }

            Assert.False(await CanAsync(source, "select pulsemeet_e2e_relay.acknowledge('x', 'y', '{1}')"));
            Assert.False(await CanAsync(source, "select * from pulsemeet_e2e_relay.claim_bundles('x', '{}')"));
            if (role == "authenticated")
            {
                Assert.Equal(1L, await CountAsync(source, "account"));
                Assert.Equal(1L, await CountAsync(source, "device"));
                Assert.Equal(user == bob ? 1L : 0L, await CountAsync(source, "item"));
            }
        }
    }

    private static string[] Names(EmptyDatabase database, string sql) =>
        database.Scalar<string[]>($"select array_agg(tablename::text) from ({sql}) t");

    private static async Task<long> CountAsync(NpgsqlDataSource source, string table)
    {
        await using NpgsqlCommand command = source.CreateCommand($"select count(*) from pulsemeet_e2e_relay.{table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<bool> CanAsync(NpgsqlDataSource source, string sql)
    {
        try
        {
            await using NpgsqlCommand command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return false;
        }
    }
}
