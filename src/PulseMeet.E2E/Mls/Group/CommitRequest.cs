namespace PulseMeet.E2E.Mls;

/// <summary>What a member wants to commit.</summary>
internal sealed class CommitRequest
{
    /// <summary>Proposals by value, from the committer.</summary>
    public IReadOnlyList<Proposal> Proposals { get; init; } = [];

    /// <summary>Whether the proposals that came in this epoch are covered, as far as they fit together (section 12.4).</summary>
    public bool CoverReceived { get; init; } = true;

    /// <summary>Whether there is a path even where none has to be: without one the committer's keys stay as they are.</summary>
    public bool WithPath { get; init; } = true;

    /// <summary>How the commit is framed: private, so that the server sees neither sender nor content, or public.</summary>
    public WireFormat Format { get; init; } = WireFormat.PrivateMessage;

    /// <summary>authenticated_data of the framing: signed, and seen by the server.</summary>
    public byte[] AuthenticatedData { get; init; } = [];

    /// <summary>What the committer's leaf says from now on; null leaves it. Its encryption key is always a fresh one.</summary>
    public LeafNodeContent? Leaf { get; init; }

    /// <summary>The signature key of <see cref="Leaf"/>, where it is another one. Copied.</summary>
    public MlsSignatureKey? SignatureKey { get; init; }

    /// <summary>Whether Welcomes carry the ratchet tree; else joiners get it elsewhere, by its hash.</summary>
    public bool TreeInWelcome { get; init; }

    /// <summary>Whether the group info lets others join by external commit (external_pub, section 12.4.3.2).</summary>
    public bool AllowExternalJoin { get; init; }

    /// <summary>The usage of the resumption key that a new group is created with (sections 11.2, 11.3); else 0.</summary>
    public ResumptionUsage Creation { get; init; }
}
