namespace PulseMeet.E2E.Mls;

/// <summary>How much a group keeps for messages that come late or out of order (RFC 9420, section 15.3).</summary>
internal sealed record GroupBounds
{
    public static GroupBounds Default { get; } = new();

    /// <summary>Past epochs whose application messages still open.</summary>
    public int PastEpochs { get; init; } = 5;

    /// <summary>How far a message may be ahead of its sender's ratchet.</summary>
    public uint GenerationsAhead { get; init; } = 1000;

    /// <summary>Keys of passed-over generations that are kept for each ratchet; the oldest goes first.</summary>
    public int KeptGenerations { get; init; } = 256;

    /// <summary>The age at which a past epoch and a passed-over key are deleted.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(14);
}
