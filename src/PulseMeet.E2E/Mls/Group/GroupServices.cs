namespace PulseMeet.E2E.Mls;

/// <summary>What a group takes from its surroundings.</summary>
internal sealed record GroupServices
{
    /// <summary>Who the members' credentials are, and who may do what.</summary>
    public required IGroupPolicy Policy { get; init; }

    /// <summary>For ages and for the lifetimes of what this client sends; never for what others' commits are judged by.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The pre-shared keys at hand, apart from the group's own.</summary>
    public IPreSharedKeys Psks { get; init; } = NoPreSharedKeys.Instance;

    public GroupBounds Bounds { get; init; } = GroupBounds.Default;
}
