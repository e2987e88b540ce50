namespace PulseMeet.E2E.Mls;

/// <summary>A proposal from outside of a group (RFC 9420, section 12.1.8): always a public message.</summary>
internal static class ExternalProposal
{
    /// <summary>Asks to be added. Whether the group takes it is its policy's decision.</summary>
    /// <param name="context">The group and the epoch that it is for.</param>
    /// <param name="own">The key package, with its keys.</param>
    public static byte[] Join(GroupContext context, KeyPackageKeys own) => Sign(
        context, new Sender(SenderType.NewMemberProposal, 0), new AddProposal(own.KeyPackage), own.SignatureKey);

    /// <summary>Proposes as one of the group's external senders.</summary>
    /// <param name="context">The group and the epoch that it is for.</param>
    /// <param name="index">The sender's place in the external_senders extension.</param>
    /// <param name="proposal">What is proposed.</param>
    /// <param name="key">The key named there.</param>
    public static byte[] Send(GroupContext context, uint index, Proposal proposal, MlsSignatureKey key) =>
        Sign(context, new Sender(SenderType.External, index), proposal, key);

    private static byte[] Sign(GroupContext context, Sender sender, Proposal proposal, MlsSignatureKey key)
    {
        MlsSuite suite = MlsSuite.Get(context.Suite);
        var content = new FramedContent
        {
            GroupId = context.GroupId,
            Epoch = context.Epoch,
            Sender = sender,
            AuthenticatedData = [],
            Proposal = proposal,
        };
        byte[] signature = AuthenticatedContent.Sign(suite, WireFormat.PublicMessage, content, context.Encoded, key);
        return MlsMessage.Encode(
            WireFormat.PublicMessage,
            new PublicMessage(new AuthenticatedContent(WireFormat.PublicMessage, content, signature, null), null));
    }
}
