namespace PulseMeet.E2E.Sealing;

/// <summary>What an app may choose about sealing messages. Opening needs no choice.</summary>
public sealed class MessageSealingOptions
{
    /// <summary>How messages are lengthened before sealing; <see cref="PaddingScheme.Default"/> by default.</summary>
    public PaddingScheme Padding { get; set; } = PaddingScheme.Default;

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate() => ArgumentNullException.ThrowIfNull(Padding);
}
