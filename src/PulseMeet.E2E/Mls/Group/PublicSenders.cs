namespace PulseMeet.E2E.Mls;

/// <summary>Whose key verifies a public message (RFC 9420, section 6.1), and what each kind of sender may send.</summary>
internal static class PublicSenders
{
    /// <exception cref="E2EException">There is no such sender, or it may not send that
    /// (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static ReadOnlySpan<byte> SignatureKey(EpochState epoch, FramedContent content) => content.Sender.Type switch
    {
        // The signature key in the leaf.
        SenderType.Member => epoch.Tree.Leaf(content.Sender.Index)?.SignatureKey ?? throw Unknown(),

        // The one in the group's list of external senders; they only propose.
        SenderType.External when content.Type == ContentType.Proposal => External(epoch, content.Sender.Index),

        // The one in the key package of its own Add.
        SenderType.NewMemberProposal when content.Proposal is AddProposal add => add.KeyPackage.Leaf.SignatureKey,

        // The one in the leaf of its own path.
        SenderType.NewMemberCommit when content.Commit?.Path is { } path => path.Leaf.SignatureKey,
        _ => throw Unknown(),
    };

    private static byte[] External(EpochState epoch, uint index)
    {
        IReadOnlyList<ExternalSender> senders = ExternalSender.Of(epoch.Context.Extensions);
        return index < senders.Count ? senders[(int)index].SignatureKey : throw Unknown();
    }

    private static E2EException Unknown() => new(E2EError.NotAuthentic, "There is no such sender, or it may not send that.");
}
