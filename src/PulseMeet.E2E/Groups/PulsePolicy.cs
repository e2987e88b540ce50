using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The rules of pulse chats, as every member applies them to every commit: from the commit and the group's state alone.</summary>
/// <remarks>Belongs to one group. The lists that it judges by are those of the current epoch; what a commit makes of them is in
/// <see cref="Outcome"/> after it was judged. Not thread-safe.</remarks>
internal sealed class PulsePolicy(DeviceListBook lists) : IGroupPolicy
{
    /// <summary>The lists of the current epoch.</summary>
    public DeviceListBook Lists { get; set; } = lists;

    /// <summary>The lists after the commit that was judged last.</summary>
    public DeviceListBook? Outcome { get; private set; }

    public ulong MaxLifetime => GroupLimits.MaxKeyPackageLifetime;

    /// <summary>L1: the credential is a device certificate, signed by its account; its MLS key is the leaf's signature key; and the
    /// leaf names a list. Whether the device is on it, the whole group's rules say (W3).</summary>
    public void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions)
    {
        PulseLeaf read = PulseLeaf.Of(leaf);
        DeviceCertificate certificate;
        try
        {
            certificate = Listed(read) ?? DeviceCertificate.Decode(read.Certificate);
            certificate.VerifySignature();
        }
        catch (E2EException exception)
        {
            throw new E2EException(E2EError.GroupLeafRefused, "Its device certificate is not its account's.", exception);
        }

        if (!PublicBytes.Equal(certificate.MlsKey.Span, leaf.SignatureKey))
        {
            throw new E2EException(E2EError.GroupLeafRefused, "Its signature key is not the one that its certificate names.");
        }
    }

    public ReadOnlyMemory<byte> ClientOf(LeafNode leaf) => PulseLeaf.Of(leaf).Client;

    /// <summary>L2: the same device of the same account, with no older list. Its keys may be others, if its list says so (W3).</summary>
    public bool MayFollow(LeafNode before, LeafNode after)
    {
        PulseLeaf old = PulseLeaf.Of(before);
        PulseLeaf next = PulseLeaf.Of(after);
        return PublicBytes.Equal(old.Client, next.Client)
            && PublicBytes.Equal(old.AccountKey, next.AccountKey)
            && next.List.Number >= old.List.Number;
    }

    /// <summary>P1: by itself, a member proposes nothing but that its own account goes.</summary>
    public void JudgeProposal(GroupView group, Sender sender, Proposal proposal)
    {
        if (sender.Type != SenderType.Member
            || proposal is not PrivateProposal { Type: GroupNumbers.LeaveProposal } leave
            || LeaveRequest.Decode(leave.Data).FindLeaf(MlsSuite.Get(group.Context.Suite), group) != sender.Index)
        {
            throw new E2EException(E2EError.GroupProposalRefused, "By itself a member proposes to leave, and nobody anything else.");
        }
    }

    public void JudgeCommit(CommitView commit)
    {
        Outcome = null;
        if (commit.IsExternal)
        {
            ExternalRights.Judge(commit, Lists);
            Outcome = Lists;
            return;
        }

        CommitReading reading = CommitReading.Of(commit, Lists);
        CommitRights.Judge(commit, reading);
        Outcome = reading.After.Lists;
    }

    /// <summary>The certificate as the known list has it: that one is decoded already.</summary>
    private DeviceCertificate? Listed(PulseLeaf leaf) =>
        Lists.Find(leaf.Address.UserId)?.DecodedList?.Find(leaf.Address.DeviceId) is { } listed
        && PublicBytes.Equal(listed.Encoded, leaf.Certificate)
            ? listed
            : null;
}
