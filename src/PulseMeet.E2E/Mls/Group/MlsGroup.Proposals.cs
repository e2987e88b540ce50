namespace PulseMeet.E2E.Mls;

/// <summary>Making proposals (RFC 9420, section 12.1).</summary>
internal sealed partial class MlsGroup
{
    /// <summary>Proposes something that others, or this member itself, may commit.</summary>
    /// <returns>The MLSMessage.</returns>
    /// <exception cref="E2EException">It would be invalid, or the policy refuses it.</exception>
    public byte[] Propose(
        Proposal proposal, WireFormat format = WireFormat.PrivateMessage, byte[]? authenticatedData = null) =>
        Propose(proposal, format, authenticatedData ?? [], null, null);

    /// <summary>Proposes a new leaf for this member, with a fresh key: to leave no key for long where it may have been
    /// seen.</summary>
    /// <param name="content">What the leaf says from now on; null leaves it. Its encryption key is replaced.</param>
    /// <param name="signatureKey">The key named in it, where it is another one. Copied.</param>
    /// <param name="format">How the proposal is framed.</param>
    /// <returns>The MLSMessage.</returns>
    public byte[] ProposeUpdate(
        LeafNodeContent? content = null, MlsSignatureKey? signatureKey = null, WireFormat format = WireFormat.PrivateMessage)
    {
        EpochState epoch = Open();
        HpkeKeyPair leafKey = Suite.GenerateKeyPair();
        MlsSignatureKey key = signatureKey ?? epoch.SignatureKey;
        LeafNode leaf = LeafNode.Sign(
            Suite,
            (content ?? epoch.OwnLeaf.Content).WithEncryptionKey(leafKey.PublicKey),
            LeafNodeSource.Update,
            default,
            [],
            new LeafPlace(_groupId, epoch.Own),
            key);
        return Propose(new UpdateProposal(leaf), format, [], leafKey.PrivateKey, key.Copy());
    }

    private byte[] Propose(
        Proposal proposal, WireFormat format, byte[] authenticatedData, MlsSecret? leafKey, MlsSignatureKey? signatureKey)
    {
        EpochState epoch = Open();
        Sender sender = Sender.Member(epoch.Own);
        Judge(epoch, sender, proposal);
        if (proposal is AddProposal add)
        {
            LeafValidation.RequireCurrent(add.KeyPackage, _services.Time.GetUtcNow());
        }

        var content = new FramedContent
        {
            GroupId = _groupId,
            Epoch = epoch.Context.Epoch,
            Sender = sender,
            AuthenticatedData = authenticatedData,
            Proposal = proposal,
        };
        byte[] signature = AuthenticatedContent.Sign(Suite, format, content, epoch.Context.Encoded, epoch.SignatureKey);
        var signed = new AuthenticatedContent(format, content, signature, null);
        _proposals.Add(new CachedProposal(Suite, signed, leafKey, signatureKey));
        return CommitCreation.Protect(epoch, signed);
    }

    /// <summary>A proposal by itself is valid, and the policy has nothing against it.</summary>
    private void Judge(EpochState epoch, Sender sender, Proposal proposal)
    {
        ProposalRules.Validate(
            Suite, epoch.View, epoch.Context.Extensions, proposal, sender, default, _services.Policy);
        _services.Policy.JudgeProposal(epoch.View, sender, proposal);
    }
}
