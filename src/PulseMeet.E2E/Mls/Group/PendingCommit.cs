namespace PulseMeet.E2E.Mls;

/// <summary>A commit that was made and is not yet the group's: nothing has changed until it is applied (RFC 9420,
/// section 14).</summary>
/// <remarks>Owns the epoch that it leads to.</remarks>
internal sealed class PendingCommit(
    byte[] commit, IReadOnlyList<JoinerWelcome> welcomes, byte[] groupInfo, EpochState next) : IDisposable
{
    /// <summary>The MLSMessage for the group.</summary>
    public byte[] Commit { get; } = commit;

    /// <summary>One for each joiner, in the order of the Adds; not to be delivered before the commit is the group's.</summary>
    public IReadOnlyList<JoinerWelcome> Welcomes { get; } = welcomes;

    /// <summary>The MLSMessage with the group info of the epoch that begins, without its tree.</summary>
    public byte[] GroupInfo { get; } = groupInfo;

    public EpochState Next { get; } = next;

    /// <summary>The ratchet tree of the epoch that begins.</summary>
    public byte[] Tree() => Next.Tree.Encode();

    public void Dispose() => Next.Dispose();
}

/// <summary>A Welcome for one joiner.</summary>
/// <param name="Leaf">The joiner's leaf index.</param>
/// <param name="Message">The MLSMessage.</param>
internal sealed record JoinerWelcome(uint Leaf, byte[] Message);
