using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Groups;

/// <summary>What became of the candidates of an epoch.</summary>
internal sealed record CandidateOutcome
{
    /// <summary>The place of the one that is the group's from now on; null where none was valid, and the epoch goes on.</summary>
    public int? Taken { get; init; }

    /// <summary>Whether it is this member's own.</summary>
    public bool WasOwn { get; init; }

    /// <summary>The device that made it.</summary>
    public DeviceAddress? Committer { get; init; }

    /// <summary>What it changed.</summary>
    public IReadOnlyList<GroupChange> Changes { get; init; } = [];

    /// <summary>What stood in front, and why it was passed over.</summary>
    public required IReadOnlyList<PassedOver> PassedOver { get; init; }

    /// <summary>Those among them that may have been for others.</summary>
    public required IReadOnlyList<UnreadableCommit> Unreadable { get; init; }

    /// <summary>Nothing could be taken, and something may have been for others: this member rejoins, if a later epoch than its own
    /// is there to rejoin.</summary>
    public bool MayBeStranded => Taken is null && Unreadable.Count > 0;
}

/// <summary>A candidate that is not the group's.</summary>
internal sealed record PassedOver(int Place, E2EError Reason);
