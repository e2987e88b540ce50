using static PulseMeet.E2E.Mls.Tests.Members;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>How tests of rules look: a breach is refused with a reason by whoever receives it, and nothing changes.</summary>
internal static class Rules
{
    /// <summary>Every other member refuses a message of the forger, and its stored state is byte for byte as before.</summary>
    public static void AssertRefused(E2EError reason, Member[] all, Member forger, byte[] message)
    {
        foreach (Member member in all.Where(member => member != forger))
        {
            (byte[] epochs, byte[] ratchets) = State(member);
            Refuses(reason, () => member.Group.Receive(message));
            (byte[] epochsAfter, byte[] ratchetsAfter) = State(member);
            Assert.Equal(epochs, epochsAfter);
            Assert.Equal(ratchets, ratchetsAfter);
        }
    }

    /// <summary>A list of proposals is refused both where an honest member would commit it and where a forger has.</summary>
    public static void AssertListRefused(E2EError reason, Member[] all, Forged forged)
    {
        Proposal[] values = [.. forged.Proposals.Where(entry => entry.Reference is null).Select(entry => entry.Proposal)];
        if (forged.Proposals.All(entry => entry.Reference is null))
        {
            (byte[] epochs, _) = State(all[0]);
            Refuses(reason, () => all[0].Group.CreateCommit(new CommitRequest { Proposals = values, CoverReceived = false }));
            Assert.Equal(epochs, State(all[0]).Epochs);
        }

        AssertRefused(reason, all, all[0], forged.By(all[0]));
    }

    public static void AssertListRefused(E2EError reason, Member[] all, params Proposal[] proposals) => AssertListRefused(
        reason, all, new Forged { Proposals = [.. proposals.Select(proposal => Forged.Own(all[0], proposal))] });

    public static (byte[] Epochs, byte[] Ratchets) State(Member member) =>
        (member.Group.SerializeEpochs(), member.Group.SerializeRatchets());

    /// <summary>A proposal of a member's as another would name it in a commit.</summary>
    public static CommittedProposal Committed(Member holder, Proposal proposal)
    {
        CachedProposal cached = holder.Group.Proposals.Single(entry => ReferenceEquals(entry.Proposal, proposal)
            || entry.Proposal.Encode().AsSpan().SequenceEqual(proposal.Encode()));
        return new CommittedProposal(cached.Proposal, cached.Sender, cached.Reference);
    }

    /// <summary>A proposal signed by a member without any check, for others to receive.</summary>
    public static byte[] Propose(Member forger, Proposal proposal, Sender? from = null, WireFormat format = WireFormat.PublicMessage)
    {
        EpochState epoch = forger.Epoch;
        var content = new FramedContent
        {
            GroupId = epoch.Context.GroupId,
            Epoch = epoch.Context.Epoch,
            Sender = from ?? Sender.Member(epoch.Own),
            AuthenticatedData = [],
            Proposal = proposal,
        };
        byte[] signature = AuthenticatedContent.Sign(epoch.Suite, format, content, epoch.Context.Encoded, epoch.SignatureKey);
        return CommitCreation.Protect(epoch, new AuthenticatedContent(format, content, signature, null));
    }
}
