namespace PulseMeet.E2E.Diagnostics;

/// <summary>The measurements of one window.</summary>
internal sealed class HealthWindow
{
    private double _seconds;
    private long _derivations;

    public long OpeningFailures { get; set; }

    public long Rollbacks { get; set; }

    public long MigrationTried { get; set; }

    public long MigrationFailed { get; set; }

    public void AddDerivation(double seconds)
    {
        _seconds += seconds;
        _derivations++;
    }

    /// <summary>In seconds; not a number where there was none, which is above no limit.</summary>
    public static double MeanDerivation(HealthWindow one, HealthWindow other) =>
        (one._seconds + other._seconds) / (one._derivations + other._derivations);
}
