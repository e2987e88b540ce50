namespace PulseMeet.E2E.Mls;

/// <summary>Making commits: created, stored, and then applied or dropped (RFC 9420, section 14).</summary>
internal sealed partial class MlsGroup
{
    /// <summary>Makes a commit, which is pending from then on. The epoch stays as it is.</summary>
    /// <exception cref="InvalidOperationException">Another one is pending.</exception>
    /// <exception cref="E2EException">The commit would be invalid, or the policy refuses it.</exception>
    public PendingCommit CreateCommit(CommitRequest request)
    {
        if (Pending is not null)
        {
            throw new InvalidOperationException("A commit is pending: it is applied or dropped first.");
        }

        Pending = CommitCreation.Create(Open(), request, _proposals, Psks, _services.Policy, _services.Time.GetUtcNow());
        return Pending;
    }

    /// <summary>Passes over some generations of this member's own handshake ratchet, whose keys a state that was lost may have used. What it sealed
    /// with them still opens, so that a commit of its own is known as one. RFC 9420, section 6.3.1, guards the nonce for that case; the others
    /// take no second message of a generation all the same.</summary>
    /// <param name="count">How many.</param>
    /// <param name="max">The generation beyond which nothing is passed over: others let a sender be so far ahead only.</param>
    public void SkipHandshakes(uint count, uint max)
    {
        EpochState epoch = Open();
        epoch.Ratchets.Ratchet(epoch.Own, ContentType.Commit).Skip(count, max, _services.Bounds.KeptGenerations, Now());
    }

    /// <summary>The pending commit is the group's.</summary>
    /// <exception cref="InvalidOperationException">None is pending.</exception>
    public void ApplyPending() =>
        Enter((Pending ?? throw new InvalidOperationException("No commit is pending.")).Next);

    /// <summary>The pending commit is not the group's: another one came first, or it could not be sent.</summary>
    public void DropPending()
    {
        Pending?.Dispose();
        Pending = null;
    }

    /// <summary>The first commit of a group that continues this one, in a group of one that its caller has created
    /// (sections 11.2 and 11.3).</summary>
    /// <param name="created">The new group: with the parameters of the ReInit, or for a branch with this group's suite.</param>
    /// <param name="members">Key packages of the members besides the caller.</param>
    /// <param name="usage">Re-initialisation or branch.</param>
    /// <param name="treeInWelcome">Whether the Welcomes carry the tree.</param>
    public PendingCommit CreateContinuation(
        MlsGroup created, IEnumerable<KeyPackage> members, ResumptionUsage usage, bool treeInWelcome)
    {
        var link = PreSharedKeyId.Resumption(created.Suite, usage, GroupId, Epoch);
        var request = new CommitRequest
        {
            Proposals = [.. members.Select(member => new AddProposal(member)), new PreSharedKeyProposal(link)],
            Creation = usage,
            TreeInWelcome = treeInWelcome,
        };
        created.Pending = CommitCreation.Create(
            created.Current,
            request,
            created._proposals,
            new GroupPreSharedKeys(this, _services.Psks),
            _services.Policy,
            _services.Time.GetUtcNow());
        return created.Pending;
    }

    private GroupPreSharedKeys Psks => new(this, _services.Psks);
}
