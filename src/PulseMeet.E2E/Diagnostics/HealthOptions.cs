namespace PulseMeet.E2E.Diagnostics;

/// <summary>From where on something counts as an alert.</summary>
public sealed class HealthOptions
{
    /// <summary>The mean duration of a derivation above which the device is too slow; 100 ms by default.</summary>
    public TimeSpan MeanDerivationLimit { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How many times as many messages as in the window before have to fail to open; 2 by default, at least 1.</summary>
    public double OpeningFailureRise { get; set; } = 2;

    /// <summary>Fewer failures than this in a window are no alert; 10 by default, at least 1.</summary>
    public int OpeningFailureMinimum { get; set; } = 10;

    /// <summary>Fewer one-time pairs than this are running out; 10 by default, 0 for never.</summary>
    public int PreKeyMinimum { get; set; } = 10;

    /// <summary>How long before its end a certificate is an alert; 14 days by default.</summary>
    public TimeSpan CertificateWarning { get; set; } = TimeSpan.FromDays(14);

    /// <summary>The share of failed migrations above which they are an alert, 0 to 1; 0.05 by default.</summary>
    public double MigrationFailureShare { get; set; } = 0.05;

    /// <summary>How long measurements are taken together; 5 minutes by default, 1 second to 1 day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MeanDerivationLimit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(OpeningFailureRise, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OpeningFailureMinimum, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PreKeyMinimum);
        ArgumentOutOfRangeException.ThrowIfLessThan(CertificateWarning, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MigrationFailureShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MigrationFailureShare, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Window, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Window, TimeSpan.FromDays(1));
    }
}
