namespace PulseMeet.E2E.Mls;

/// <summary>The proposals of an epoch that came by themselves, by the hash that a commit names them by (RFC 9420,
/// section 12.1).</summary>
/// <remarks>Owns the new keys of the member's own Updates. Not thread-safe.</remarks>
internal sealed class ProposalCache : IDisposable
{
    private readonly List<CachedProposal> _proposals = [];

    public IReadOnlyList<CachedProposal> All => _proposals;

    public int Count => _proposals.Count;

    /// <returns>Null where no proposal has the hash.</returns>
    public CachedProposal? Find(ReadOnlySpan<byte> reference)
    {
        foreach (CachedProposal proposal in _proposals)
        {
            if (Primitives.PublicBytes.Equal(proposal.Reference, reference))
            {
                return proposal;
            }
        }

        return null;
    }

    /// <summary>Keeps a proposal. One that is there already changes nothing.</summary>
    /// <exception cref="E2EException">Its sender has sent too many (<see cref="E2EError.LimitExceeded"/>).</exception>
    public void Add(CachedProposal proposal)
    {
        if (Find(proposal.Reference) is not null)
        {
            proposal.Dispose();
            return;
        }

        if (_proposals.Count(other => other.Sender == proposal.Sender) >= MlsLimits.MaxProposalsOfSender)
        {
            proposal.Dispose();
            throw new E2EException(E2EError.LimitExceeded, "The sender has made too many proposals in this epoch.");
        }

        _proposals.Add(proposal);
    }

    /// <summary>The entries of a commit as proposals.</summary>
    /// <exception cref="E2EException">A hash is of none that came (<see cref="E2EError.MlsUnknownProposal"/>).</exception>
    public List<CommittedProposal> Resolve(Commit commit, Sender committer)
    {
        var list = new List<CommittedProposal>();
        foreach (ProposalOrRef entry in commit.Proposals)
        {
            if (entry.Proposal is { } proposal)
            {
                list.Add(new CommittedProposal(proposal, committer, null));
            }
            else
            {
                CachedProposal cached = Find(entry.Reference) ?? throw new E2EException(E2EError.MlsUnknownProposal);
                list.Add(new CommittedProposal(cached.Proposal, cached.Sender, cached.Reference));
            }
        }

        return list;
    }

    public void WriteTo(MlsWriter writer)
    {
        writer.WriteUInt32((uint)_proposals.Count);
        foreach (CachedProposal proposal in _proposals)
        {
            proposal.WriteTo(writer);
        }
    }

    public static ProposalCache ReadFrom(MlsSuite suite, ref MlsReader reader)
    {
        var cache = new ProposalCache();
        try
        {
            for (uint count = reader.ReadUInt32(); count > 0; count--)
            {
                cache.Add(CachedProposal.ReadFrom(suite, ref reader));
            }

            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (CachedProposal proposal in _proposals)
        {
            proposal.Dispose();
        }

        _proposals.Clear();
    }
}
