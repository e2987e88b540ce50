namespace PulseMeet.E2E.Ratchet;

/// <summary>Every bound of the ratchet, in one place.</summary>
public static class RatchetLimits
{
    /// <summary>How many messages in a row of one chain may be missing before the next one that opens. What is further ahead is
    /// refused before any key is derived. Also how many may be missing at the end of a chain for the newest
    /// <see cref="MaxSkippedKeys"/> of them to be kept; where more are missing there, the session goes on without any of them.</summary>
    public const int MaxSkippedPerStep = 65536;

    /// <summary>How many messages may be missing before the one that begins a session: as many as there are keys kept. What its sender
    /// says was lost is work for a stranger's sake before anything of it has verified.</summary>
    public const int MaxSkippedBeforeSession = MaxSkippedKeys;

    /// <summary>After how many messages without an answer a session is due for renewal: half of what may be lost before the first that
    /// arrives.</summary>
    public const int MaxUnanswered = MaxSkippedBeforeSession / 2;

    /// <summary>How many ratchet keys of chains that have not begun may have messages far ahead that do not open.</summary>
    internal const int MaxTrialRatchetKeys = 3;

    /// <summary>How many keys of missing messages are kept in all, the newest; past it the oldest are dropped.</summary>
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
