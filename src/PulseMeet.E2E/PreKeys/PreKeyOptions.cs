using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.PreKeys;

/// <summary>How many prekeys a device keeps and for how long.</summary>
public sealed class PreKeyOptions
{
    /// <summary>The most one-time pairs that the directory should have.</summary>
    public const int MaxOneTimePairs = PreKeyPublication.MaxOneTimePairs;

    /// <summary>How many one-time pairs the directory should have. 100 by default, at most 500.</summary>
    public int OneTimePairs { get; set; } = 100;

    /// <summary>The age at which the signed pair is replaced. 30 days by default.</summary>
    public TimeSpan RotationInterval { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a replaced pair still opens first messages that were under way. 30 days by default.</summary>
    public TimeSpan RetirementPeriod { get; set; } = TimeSpan.FromDays(30);

    /// <summary>What the app has chosen and its peers' apps have to choose alike. <c>AddPulseMeetE2E</c> sets it from the salt.</summary>
    public SharedProfile Profile { get; set; } = SharedProfile.Default;

    /// <summary>The age beyond which a peer's pairs are refused: an honest device has replaced and deleted them by then.</summary>
    internal TimeSpan OldestAge => RotationInterval + RetirementPeriod;

    internal PreKeyOptions Copy() => (PreKeyOptions)MemberwiseClone();

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Profile);
        ArgumentOutOfRangeException.ThrowIfNegative(OneTimePairs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(OneTimePairs, MaxOneTimePairs);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RotationInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetirementPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RotationInterval, TimeSpan.FromDays(3650));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RetirementPeriod, TimeSpan.FromDays(3650));
    }
}
