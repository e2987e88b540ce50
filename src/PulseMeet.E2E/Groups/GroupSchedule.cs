namespace PulseMeet.E2E.Groups;

/// <summary>When a member renews its keys, and proposes that others go; by its own clock, and never a reason to refuse a commit.</summary>
internal sealed record GroupSchedule
{
    public static GroupSchedule Default { get; } = new();

    /// <summary>The age at which a device renews its keys, when it is online.</summary>
    public TimeSpan Rotation { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The messages that a device sends before it renews its keys.</summary>
    public uint MessagesPerKey { get; init; } = 1000;

    /// <summary>The age of a device's keys at which its removal is proposed; it comes back when it is online again.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Within which time after joining a device commits for the first time, so that the tree does not stay blank. Each at its
    /// own moment, so that many who joined at once do not all commit at once.</summary>
    public TimeSpan FirstUpdate { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long each member waits for the one before it to commit that somebody leaves.</summary>
    public TimeSpan LeaveStep { get; init; } = TimeSpan.FromSeconds(30);
}
