namespace PulseMeet.E2E.Mls;

/// <summary>A member's description of an epoch (RFC 9420, section 12.4.3).</summary>
internal static class GroupInfoCreation
{
    /// <param name="epoch">The epoch.</param>
    /// <param name="withExternalKey">Whether it has external_pub, so that others can join by external commit.</param>
    /// <param name="withTree">Whether it has the ratchet tree.</param>
    public static GroupInfo Create(EpochState epoch, bool withExternalKey, bool withTree)
    {
        var extensions = new List<Extension>();
        if (withTree)
        {
            extensions.Add(new Extension(ExtensionType.RatchetTree, epoch.Tree.Encode()));
        }

        if (withExternalKey)
        {
            using var writer = new MlsWriter();
            writer.WriteVector(epoch.Secrets.ExternalKeyPair(epoch.Suite).PublicKey);
            extensions.Add(new Extension(ExtensionType.ExternalPub, writer.ToArray()));
        }

        // 13.5: one that everyone has to ignore.
        extensions.Add(Grease.Extension());
        return GroupInfo.Sign(
            epoch.Suite, epoch.Context, [.. extensions], epoch.ConfirmationTag, epoch.Own, epoch.SignatureKey);
    }

    /// <summary>The MLSMessage, without the tree.</summary>
    public static byte[] Encode(EpochState epoch, bool withExternalKey) =>
        MlsMessage.Encode(WireFormat.GroupInfo, Create(epoch, withExternalKey, withTree: false));
}
