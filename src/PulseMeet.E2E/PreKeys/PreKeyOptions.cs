namespace PulseMeet.E2E.PreKeys;

/// <summary>How many prekeys a device keeps and for how long.</summary>
public sealed class PreKeyOptions
{
    /// <summary>The most one-time prekeys of each kind that a device keeps.</summary>
    public const int MaxOneTimePreKeys = 500;

    /// <summary>How many one-time prekeys of each kind the directory should have. 100 by default, at most 500.</summary>
    public int OneTimePreKeys { get; set; } = 100;

    /// <summary>The age at which the signed prekey and the last-resort prekey are replaced. 30 days by default.</summary>
    public TimeSpan RotationInterval { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a replaced prekey still opens first messages that were under way. 30 days by default.</summary>
    public TimeSpan RetirementPeriod { get; set; } = TimeSpan.FromDays(30);

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(OneTimePreKeys);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(OneTimePreKeys, MaxOneTimePreKeys);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RotationInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RetirementPeriod, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RotationInterval, TimeSpan.FromDays(3650));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RetirementPeriod, TimeSpan.FromDays(3650));
    }
}
