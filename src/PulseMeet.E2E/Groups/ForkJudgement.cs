namespace PulseMeet.E2E.Groups;

/// <summary>What another member's statement says beside one's own.</summary>
internal enum ForkJudgement
{
    /// <summary>Both are on one line, and the other is not further.</summary>
    Agree,

    /// <summary>The other is further, and nothing says that it is on another line: there are commits to catch up with.</summary>
    Behind,

    /// <summary>The statement speaks of no epoch that this member remembers.</summary>
    Unknown,

    /// <summary>The lines differ: the relay, or a member, has split the group.</summary>
    Fork,

    /// <summary>The lines differ, and the other's began with a commit that stood in front and did not open for this member: it was for
    /// others, and this member rejoins theirs.</summary>
    Overtaken,
}
