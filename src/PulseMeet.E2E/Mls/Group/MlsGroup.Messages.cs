namespace PulseMeet.E2E.Mls;

/// <summary>Application messages (RFC 9420, section 15).</summary>
internal sealed partial class MlsGroup
{
    /// <summary>Seals a message for the current epoch.</summary>
    /// <param name="content">The message.</param>
    /// <param name="authenticatedData">Signed with it, and seen by the server.</param>
    /// <param name="padding">How many zero bytes hide its length.</param>
    /// <returns>The MLSMessage.</returns>
    /// <exception cref="E2EException">This member was removed or the group is over (<see cref="E2EError.MlsGroupClosed"/>), or
    /// proposals wait (<see cref="E2EError.MlsCommitRequired"/>).</exception>
    public byte[] Seal(ReadOnlySpan<byte> content, byte[]? authenticatedData = null, int padding = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        EpochState epoch = Open();

        // 12.4: whoever has seen a proposal commits before it sends, so that nobody writes to one who is to be removed.
        if (_proposals.Count > 0)
        {
            throw new E2EException(E2EError.MlsCommitRequired);
        }

        var framed = new FramedContent
        {
            GroupId = _groupId,
            Epoch = epoch.Context.Epoch,
            Sender = Sender.Member(epoch.Own),
            AuthenticatedData = authenticatedData ?? [],
            ApplicationData = content.ToArray(),
        };
        byte[] signature = AuthenticatedContent.Sign(
            Suite, WireFormat.PrivateMessage, framed, epoch.Context.Encoded, epoch.SignatureKey);
        var signed = new AuthenticatedContent(WireFormat.PrivateMessage, framed, signature, null);
        return MlsMessage.Encode(
            WireFormat.PrivateMessage,
            MessageProtection.Seal(Suite, signed, epoch.Secrets.SenderData, epoch.Ratchets, padding));
    }

    /// <summary>epoch_authenticator (section 8.7): equal among all who are in one epoch of one line.</summary>
    public byte[] EpochAuthenticator() => Current.Secrets.Authenticator.Reveal();

    /// <summary>MLS-Exporter (section 8.5).</summary>
    public MlsSecret Export(ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, int length) =>
        Current.Secrets.Export(Suite, label, context, length);

    /// <summary>resumption_psk of an epoch (section 8.6).</summary>
    /// <returns>A copy that the caller disposes; null where the epoch is not at hand.</returns>
    public MlsSecret? ResumptionKey(ulong epoch) =>
        _epoch is { } current && current.Context.Epoch == epoch
            ? current.Secrets.Resumption.Copy()
            : _past.Find(past => past.Context.Epoch == epoch)?.Resumption.Copy();

    /// <summary>A group info of the current epoch, as an MLSMessage.</summary>
    /// <param name="allowExternalJoin">Whether it has external_pub.</param>
    /// <param name="withTree">Whether it has the ratchet tree.</param>
    public byte[] GroupInfo(bool allowExternalJoin, bool withTree) => MlsMessage.Encode(
        WireFormat.GroupInfo, GroupInfoCreation.Create(Current, allowExternalJoin, withTree));

    /// <summary>The ratchet tree of the current epoch.</summary>
    public byte[] Tree() => Current.Tree.Encode();
}
