using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>What the migration away from the legacy database emits.</summary>
internal static partial class Telemetry
{
    public const string MigrationName = "pulsemeet.e2e.migration.items";
    public const string PlaintextName = "pulsemeet.e2e.plaintext_keys";

    private const string MigrationOutcome = "pulsemeet.e2e.migration.outcome";

    private static readonly Counter<long> s_migrated = TheMeter.Instance.CreateCounter<long>(
        MigrationName, "{item}", "Messages and keys that the migration looked at, by kind and outcome.");

    private static readonly Gauge<long> s_plaintext = TheMeter.Instance.CreateGauge<long>(
        PlaintextName, "{key}", "Values with the shape of a key that the last search of the database found.");

    /// <summary>The activity of one run; null where nobody listens.</summary>
    /// <param name="run">What runs: one of a few constants.</param>
    public static Activity? MigrationBegins(string run) => s_activities.StartActivity(run);

    /// <param name="kind">message or key.</param>
    /// <param name="outcome">What became of them: one of a few constants.</param>
    /// <param name="count">How many.</param>
    public static void Migrated(string kind, string outcome, long count)
    {
        if (count > 0)
        {
            s_migrated.Add(count, Kind(kind), new KeyValuePair<string, object?>(MigrationOutcome, outcome));
        }
    }

    /// <param name="kind">message or key.</param>
    /// <param name="reason">Why they stay as they were: an <see cref="E2EError"/> or one of the migration's constants.</param>
    /// <param name="count">How many.</param>
    public static void MigrationFailed(string kind, string reason, long count = 1)
    {
        if (count > 0 && s_migrated.Enabled)
        {
            s_migrated.Add(count, Kind(kind), new KeyValuePair<string, object?>(ErrorType, reason));
        }
    }

    /// <summary>Whether a measurement is of something that failed.</summary>
    public static bool IsFailure(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            if (tag.Key == ErrorType)
            {
                return true;
            }
        }

        return false;
    }

    public static void PlaintextKeysFound(long count) => s_plaintext.Record(count);

    private static KeyValuePair<string, object?> Kind(string kind) => new("pulsemeet.e2e.migration.kind", kind);
}
