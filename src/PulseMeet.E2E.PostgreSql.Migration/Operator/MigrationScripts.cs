using System.Reflection;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The SQL files of the schema migration, as they are embedded in this package.</summary>
/// <remarks>The same files stand in the package's folder <c>sql/</c> and run with <c>psql -v ON_ERROR_STOP=1 -f</c>.</remarks>
public static class MigrationScripts
{
    /// <summary>The advisory lock that the phases hold.</summary>
    public const long AdvisoryLock = 7309471230081;

    /// <summary>Before phase 1: indexes, built beside the running app. Not in a transaction.</summary>
    public static string Indexes => Read("indexes");

    /// <summary>Phase 1: new tables, columns, policies and functions.</summary>
    public static string Expand => Read("expand");

    /// <summary>Phase 3: every key has every wrapped copy.</summary>
    public static string Verify => Read("verify");

    /// <summary>Phase 4: the plaintext keys go.</summary>
    public static string Contract => Read("contract");

    internal static string RollbackBegin => Read("rollback");

    internal static string RollbackFinish => Read("rollback-finish");

    private static string Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
