using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Ratchet;

/// <summary>What an app may choose about sessions.</summary>
public sealed class RatchetOptions
{
    /// <summary>How messages are lengthened before sealing; <see cref="PaddingScheme.Default"/> by default. Opening needs no choice.</summary>
    public PaddingScheme Padding { get; set; } = PaddingScheme.Default;

    /// <summary>After this time a session that the peer has not answered is due for renewal. 30 days by default.</summary>
    public TimeSpan RenewalInterval { get; set; } = TimeSpan.FromDays(30);

    internal RatchetOptions Copy() => (RatchetOptions)MemberwiseClone();

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Padding);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RenewalInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RenewalInterval, TimeSpan.FromDays(3650));
    }
}
