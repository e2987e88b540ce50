namespace PulseMeet.E2E.Relay;

/// <summary>The bounds of a relay, which its clients keep to. docs/protocol-relay.md, "Bounds".</summary>
public static class RelayLimits
{
    /// <summary>The longest request, in bytes: 4 MiB.</summary>
    public const int MaxRequestSize = 4 * 1024 * 1024;

    /// <summary>The most envelopes, Welcomes, removed devices or ids in one request.</summary>
    public const int MaxRequestItems = 4096;

    /// <summary>The longest envelope, in bytes: 256 KiB. Longer content goes as media.</summary>
    public const int MaxEnvelopeSize = 256 * 1024;

    /// <summary>The longest signal, in bytes.</summary>
    public const int MaxSignalSize = 4096;

    /// <summary>The most envelopes in one mailbox.</summary>
    public const int MaxMailboxItems = 10_000;

    /// <summary>The most bytes in one mailbox: 64 MiB.</summary>
    public const long MaxMailboxBytes = 64L * 1024 * 1024;

    /// <summary>The share of a full mailbox that one sending user may hold: what stops one sender from filling it.</summary>
    public const double MaxSenderShare = 0.25;

    /// <summary>The age at which an unacknowledged envelope is dropped.</summary>
    public static readonly TimeSpan MaxEnvelopeAge = TimeSpan.FromDays(30);

    /// <summary>The most one-time pairs, and the most key packages, of one device.</summary>
    public const int MaxOneTimePairs = 1000;

    /// <summary>The most candidates of one epoch that one device may offer.</summary>
    public const int MaxCandidatesPerSender = 4;

    /// <summary>The most candidates and group infos that one user may have offered and the relay keeps, in all groups.</summary>
    public const int MaxOffers = 10_000;

    /// <summary>The most bytes of them, with the tree that each names: 256 MiB.</summary>
    public const long MaxOfferBytes = 256L * 1024 * 1024;

    /// <summary>The most devices on a group's delivery list.</summary>
    public const int MaxGroupDevices = 4096;

    /// <summary>The longest sealed recovery copy, in bytes.</summary>
    public const int MaxRecoveryCopySize = 1024;

    /// <summary>The longest answer to a linking request, in bytes: 64 KiB.</summary>
    public const int MaxLinkAnswerSize = 64 * 1024;

    /// <summary>How long an answer to a linking request is kept.</summary>
    public static readonly TimeSpan LinkAnswerAge = TimeSpan.FromMinutes(15);

    /// <summary>The longest that a receiver may wait in one call.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    /// <summary>How far a device list's number and a signed pair's creation time may be ahead of the relay's clock.</summary>
    public static readonly TimeSpan MaxClockLead = TimeSpan.FromDays(1);
}
