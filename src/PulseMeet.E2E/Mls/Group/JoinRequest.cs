namespace PulseMeet.E2E.Mls;

/// <summary>What a joiner brings to a Welcome or to an external commit.</summary>
internal sealed class JoinRequest
{
    /// <summary>Who the members' credentials are, and what is allowed.</summary>
    public required IGroupPolicy Policy { get; init; }

    /// <summary>Whether this client is in a group of that id (section 12.4.3: an id is not used twice).</summary>
    public required Func<ReadOnlyMemory<byte>, bool> IsMemberOf { get; init; }

    /// <summary>The ratchet tree, where it does not come with the group info.</summary>
    public byte[]? Tree { get; init; }

    /// <summary>The pre-shared keys at hand.</summary>
    public IPreSharedKeys Psks { get; init; } = NoPreSharedKeys.Instance;

    /// <summary>The old group, where the new one may be its re-initialisation or its branch (sections 11.2, 11.3).</summary>
    public EpochState? Previous { get; init; }
}
