namespace PulseMeet.E2E.Mls.Tests;

/// <content>By members of groups that are the protocol's alone.</content>
internal sealed partial class Forged
{
    public static CommittedProposal Own(Member forger, Proposal proposal) =>
        new(proposal, Sender.Member(forger.Group.Own), null);

    /// <summary>A commit of a member with the proposals given by value.</summary>
    public static byte[] Commit(Member forger, params Proposal[] proposals) =>
        new Forged { Proposals = [.. proposals.Select(proposal => Own(forger, proposal))] }.By(forger);

    public byte[] By(Member forger) => By(forger.Epoch);
}
