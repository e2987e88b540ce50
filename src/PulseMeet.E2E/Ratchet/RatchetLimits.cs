namespace PulseMeet.E2E.Ratchet;

/// <summary>Every bound of the ratchet, in one place.</summary>
public static class RatchetLimits
{
    /// <summary>How many messages of one chain may be missing before the next one that opens. What is further ahead is
    /// refused before any key is derived.</summary>
    public const int MaxSkippedPerStep = 2000;

    /// <summary>How many messages may be missing at the end of a chain, once the next chain has begun, for the newest
    /// <see cref="MaxSkippedKeys"/> of them to be kept. Where more are missing, the session goes on without any of them.</summary>
    internal const uint MaxStepsToChainEnd = 65536;

    /// <summary>How many keys of missing messages are kept in all; past it the oldest are dropped.</summary>
    public const int MaxSkippedKeys = 2000;

    /// <summary>How many receiving chains are kept, the current one included; past it the oldest is dropped with its
    /// keys. Also the bound, with the next header key, of header trials for a forged message: 6.</summary>
    public const int MaxReceivingChains = 5;

    /// <summary>How long the key of a missing message is kept.</summary>
    public static readonly TimeSpan MaxSkippedKeyAge = TimeSpan.FromDays(30);

    /// <summary>The longest plaintext of one message, in bytes: 16 MiB. What is longer belongs into media.</summary>
    public const int MaxPlaintext = Sealing.SealedBody.MaxPlaintext;

    /// <summary>The longest associated data that an app may add to a message, in bytes.</summary>
    public const int MaxAssociatedData = 1024;
}
