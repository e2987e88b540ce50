namespace PulseMeet.E2E.Mls;

/// <summary>Which of the received proposals a commit covers: all that are valid together (RFC 9420, sections 12.2
/// and 12.4).</summary>
internal static class ProposalSelection
{
    /// <summary>The received proposals that fit, by reference, and then those by value.</summary>
    public static List<CommittedProposal> Select(
        EpochState epoch, IReadOnlyList<CommittedProposal> own, ProposalCache received, IGroupPolicy policy)
    {
        // By value beats by reference: what the committer asked for is never left out.
        HashSet<uint> changed = [.. own.Select(entry => entry.Proposal).OfType<RemoveProposal>().Select(remove => remove.Removed)];
        var clients = new KeySet();
        foreach (AddProposal add in own.Select(entry => entry.Proposal).OfType<AddProposal>())
        {
            clients.Add(policy.ClientOf(add.KeyPackage.Leaf));
        }

        var psks = new KeySet();
        foreach (PreSharedKeyProposal psk in own.Select(entry => entry.Proposal).OfType<PreSharedKeyProposal>())
        {
            psks.Add(psk.Id.Encode());
        }

        bool hasExtensions = own.Any(entry => entry.Proposal is GroupContextExtensionsProposal);
        bool hasReInit = own.Any(entry => entry.Proposal is ReInitProposal);
        var chosen = new List<CommittedProposal>();

        // Removes are preferred to Updates, the most recent Update to older ones, and a ReInit comes last, if nothing else does.
        CachedProposal[] inOrder =
        [
            .. received.All.Where(entry => entry.Proposal is RemoveProposal),
            .. received.All.Where(entry => entry.Proposal is UpdateProposal).Reverse(),
            .. received.All.Where(entry => entry.Proposal is not (RemoveProposal or UpdateProposal or ReInitProposal)),
            .. received.All.Where(entry => entry.Proposal is ReInitProposal),
        ];
        foreach (CachedProposal candidate in hasReInit ? [] : inOrder)
        {
            bool fits = candidate.Proposal switch
            {
                RemoveProposal remove => remove.Removed != epoch.Own && changed.Add(remove.Removed),
                UpdateProposal => candidate.Sender != Sender.Member(epoch.Own) && changed.Add(candidate.Sender.Index),
                AddProposal add => clients.Add(policy.ClientOf(add.KeyPackage.Leaf)),
                PreSharedKeyProposal psk => psks.Add(psk.Id.Encode()),
                GroupContextExtensionsProposal => !hasExtensions,
                ReInitProposal => chosen.Count == 0 && own.Count == 0,
                _ => true,
            };
            var entry = new CommittedProposal(candidate.Proposal, candidate.Sender, candidate.Reference);
            if (fits && IsValidWith(epoch, chosen, own, entry, policy))
            {
                chosen.Add(entry);
                hasExtensions |= candidate.Proposal is GroupContextExtensionsProposal;
            }
        }

        return [.. chosen, .. own];
    }

    private static bool IsValidWith(
        EpochState epoch,
        List<CommittedProposal> chosen,
        IReadOnlyList<CommittedProposal> own,
        CommittedProposal candidate,
        IGroupPolicy policy)
    {
        try
        {
            List<CommittedProposal> list = [.. chosen, candidate, .. own];
            ProposalList.Validate(epoch.Suite, epoch.View, list, epoch.Own, default, policy);
            AppliedProposals applied = AppliedProposals.Apply(epoch.View, list);
            LeafValidation.ValidateTogether(applied.Tree, applied.Extensions);
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }
}
