namespace PulseMeet.E2E.Media;

/// <summary>How a media file is opened. Immutable.</summary>
public sealed record MediaOpeningOptions
{
    /// <summary>The defaults: the digest is compared, one worker.</summary>
    public static MediaOpeningOptions Default { get; } = new();

    /// <summary>Whether the digest is compared where the reference has one. Without it every segment is still authentic, but one
    /// who holds the key may have replaced the file.</summary>
    public bool VerifyDigest { get; init; } = true;

    /// <summary>How many segments are hashed and opened at a time: 1 to 64. Memory grows with it: two segments each. Always 1 in a
    /// browser.</summary>
    public int Workers { get; init; } = 1;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, MediaSealingOptions.MaxWorkers);
    }
}
