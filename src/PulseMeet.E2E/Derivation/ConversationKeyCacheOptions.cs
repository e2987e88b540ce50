namespace PulseMeet.E2E.Derivation;

/// <summary>What an app may choose about the cache of conversation keys.</summary>
public sealed class ConversationKeyCacheOptions
{
    /// <summary>The largest cache, in epochs of conversations.</summary>
    public const int MaxCapacity = 65536;

    /// <summary>How many epochs of conversations are kept; past it the one that was used longest ago goes. 256 by default.</summary>
    public int Capacity { get; set; } = 256;

    /// <summary>How long keys are kept after they were derived. 10 minutes by default; at most a day.</summary>
    public TimeSpan Expiry { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an epoch lasts: every device of an app has to choose alike. 30 days by default.</summary>
    public TimeSpan RotationInterval { get; set; } = TimeSpan.FromDays(30);

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Capacity, MaxCapacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(Expiry, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Expiry, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(RotationInterval, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RotationInterval, TimeSpan.FromDays(3650));
    }
}
