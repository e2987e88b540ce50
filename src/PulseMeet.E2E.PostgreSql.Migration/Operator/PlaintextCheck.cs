using System.Diagnostics;
using Npgsql;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Looks for values with the shape of a key in every text, bytea and JSON column of a database: 32 bytes as they
/// are, in base64 (either alphabet), or in hexadecimal, alone or inside a longer text.</summary>
/// <remarks>Every table and materialized view of every schema but the catalogs is read, backups included. Two things with that
/// shape are no keys in the clear and are passed over: the column <c>user_public_keys.public_key</c>, and the ciphertext of an
/// encrypted legacy message. Nothing that is found is returned, only where.</remarks>
public static class PlaintextCheck
{
    private const string TextShape =
        @"(^|[^A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{43}=($|[^A-Za-z0-9+/=_-])|(^|[^0-9A-Za-z])(\\x)?[0-9A-Fa-f]{64}($|[^0-9A-Za-z])";

    /// <summary>Reads the whole database.</summary>
    /// <param name="dataSource">Logs in as a role that sees every row. Not disposed.</param>
    /// <param name="progress">Told the name of each column before it is read.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The columns that hold such values; empty where all is well.</returns>
    /// <exception cref="MigrationException">The role does not see every row (<see cref="MigrationRefusal.CannotSee"/>).</exception>
    public static async Task<IReadOnlyList<PlaintextFinding>> RunAsync(
        NpgsqlDataSource dataSource, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        using Activity? activity = Telemetry.MigrationBegins("check plaintext");
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<PlaintextFinding> findings = await WholeView.OfAsync(
            connection, () => FindAsync(connection, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        Telemetry.PlaintextKeysFound(findings.Sum(finding => finding.Rows));
        return findings;
    }

    private static async Task<IReadOnlyList<PlaintextFinding>> FindAsync(
        NpgsqlConnection connection, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        List<PlaintextFinding> findings = [];
        foreach (Column column in await ColumnsAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            progress?.Report($"{column.Table}.{column.Name}");
            long count = (long)(await connection.ScalarAsync(Count(column), cancellationToken, TextShape).ConfigureAwait(false))!;
            if (count > 0)
            {
                findings.Add(new(column.Table, column.Name, count));
            }
        }

        return findings;
    }

    private static async Task<List<Column>> ColumnsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<Column> columns = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            """
            select format('%I.%I', n.nspname, c.relname), quote_ident(a.attname),
              coalesce(nullif(t.typbasetype, 0), t.oid) = 'bytea'::regtype
            from pg_attribute a
            join pg_class c on c.oid = a.attrelid
            join pg_namespace n on n.oid = c.relnamespace
            join pg_type t on t.oid = a.atttypid
            left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
            where c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped
              and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%'
              and (coalesce(e.typcategory, t.typcategory) = 'S'
                or coalesce(nullif(t.typbasetype, 0), e.oid, t.oid) in ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype, 'xml'::regtype)
                or t.typtype = 'c' or t.typname = 'hstore')
              and not (n.nspname = 'public' and c.relname = 'user_public_keys' and a.attname = 'public_key')
            order by 1, 2
            """,
            cancellationToken).ConfigureAwait(false))
        {
            columns.Add(new(row.GetString(0), row.GetString(1), row.GetBoolean(2)));
        }

        return columns;
    }

    private static string Count(Column column)
    {
        if (column.IsBytes)
        {
            return $"""
                select count(*) from only {column.Table}
                where octet_length({column.Name}) = 32 or encode({column.Name}, 'escape') ~ $1
                """;
        }

        // The ciphertext of an encrypted legacy message: the whole column, or that member of the JSON object.
        bool message = column.Table is "public.direct_messages" or "public.chat_messages";
        return message && column.Name == "content"
            ? $$"""
                select count(*) from only {{column.Table}} where case
                  when is_encrypted and encryption_metadata ? 'iv' and encryption_metadata ? 'auth_tag' then false
                  when is_encrypted then regexp_replace(content, '"ciphertext"\s*:\s*"[^"]*"', '') ~ $1
                  else content ~ $1 end
                """
            : $"select count(*) from only {column.Table} where {column.Name}::text ~ $1";
    }

    private sealed record Column(string Table, string Name, bool IsBytes);
}

/// <summary>A column that holds values with the shape of a key.</summary>
/// <param name="Table">Schema and table.</param>
/// <param name="Column">The column.</param>
/// <param name="Rows">How many rows.</param>
public sealed record PlaintextFinding(string Table, string Column, long Rows);
