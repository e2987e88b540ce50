using System.Globalization;
using System.Reflection;
using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>The versions of the relay's schema <c>pulsemeet_e2e_relay</c>: numbered scripts, each run once, in one transaction.</summary>
/// <remarks>Any number of relays may start at once: one makes the schema under an advisory lock, the others find it made.</remarks>
internal static class RelaySchema
{
    public const long AdvisoryLock = 7309471230082;

    private static readonly (int Version, string Sql)[] s_scripts =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith("relay-0", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (int.Parse(name.AsSpan("relay-".Length, 4), CultureInfo.InvariantCulture), Read(name))),
    ];

    /// <summary>The version that this package works with.</summary>
    public static int Version => s_scripts[^1].Version;

    /// <exception cref="InvalidOperationException">The schema is of a later version than this package.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource source, bool usesPlatformRoles, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync("select pg_advisory_xact_lock($1)", cancellationToken, AdvisoryLock).ConfigureAwait(false);
        int there = await VersionThereAsync(connection, cancellationToken).ConfigureAwait(false);
        if (there > Version)
        {
            throw new InvalidOperationException(
                $"The relay's schema has version {there}; this package knows up to {Version}. Use a newer package.");
        }

        if (there == 0)
        {
            await connection.RunAsync(
                """
                create schema if not exists pulsemeet_e2e_relay;
                create table pulsemeet_e2e_relay.schema_version (version integer primary key, applied_at timestamptz not null default now())
                """,
                cancellationToken).ConfigureAwait(false);
        }

        await connection.RunAsync("set local search_path = pulsemeet_e2e_relay, pg_temp", cancellationToken).ConfigureAwait(false);
        foreach ((int version, string sql) in s_scripts.Where(script => script.Version > there))
        {
            await connection.RunAsync(sql, cancellationToken).ConfigureAwait(false);
            await connection.RunAsync("insert into schema_version (version) values ($1)", cancellationToken, version).ConfigureAwait(false);
        }

        if (usesPlatformRoles)
        {
            await connection.RunAsync(Read("relay-platform.sql"), cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>0 where there is no schema yet.</summary>
    public static async Task<int> VersionThereAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        object? table = await connection.ScalarAsync(
            "select to_regclass('pulsemeet_e2e_relay.schema_version')::text", cancellationToken).ConfigureAwait(false);
        return table is string
            ? (int)(await connection.ScalarAsync(
                "select coalesce(max(version), 0) from pulsemeet_e2e_relay.schema_version", cancellationToken).ConfigureAwait(false))!
            : 0;
    }

    private static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
