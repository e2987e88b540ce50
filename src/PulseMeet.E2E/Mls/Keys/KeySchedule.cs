namespace PulseMeet.E2E.Mls;

/// <summary>The key schedule from one epoch to the next (RFC 9420, section 8, figure 22).</summary>
internal static class KeySchedule
{
    /// <summary>joiner_secret, from the last epoch's init secret and the commit secret.</summary>
    public static MlsSecret Joiner(MlsSuite suite, MlsSecret initSecret, MlsSecret commitSecret, GroupContext context)
    {
        using MlsSecret extracted = suite.Extract(initSecret, commitSecret);
        return suite.ExpandWithLabel(extracted, "joiner"u8, context.Encoded, suite.SecretSize);
    }

    /// <summary>The secret between joiner_secret and the rest: the parent of both the next two.</summary>
    public static MlsSecret Member(MlsSuite suite, MlsSecret joinerSecret, MlsSecret pskSecret) =>
        suite.Extract(joinerSecret, pskSecret);

    /// <summary>welcome_secret.</summary>
    public static MlsSecret Welcome(MlsSuite suite, MlsSecret memberSecret) => suite.DeriveSecret(memberSecret, "welcome"u8);

    /// <summary>epoch_secret and all below.</summary>
    public static EpochSecrets Epoch(MlsSuite suite, MlsSecret memberSecret, GroupContext context)
    {
        using MlsSecret epochSecret = suite.ExpandWithLabel(memberSecret, "epoch"u8, context.Encoded, suite.SecretSize);
        return EpochSecrets.From(suite, epochSecret);
    }

    /// <summary>psk_secret (section 8.4), in the order given.</summary>
    public static MlsSecret PskSecret(MlsSuite suite, IReadOnlyList<(PreSharedKeyId Id, MlsSecret Key)> psks)
    {
        MlsSecret secret = suite.ZeroSecret();
        using MlsSecret zero = suite.ZeroSecret();
        for (int i = 0; i < psks.Count; i++)
        {
            using var label = new MlsWriter();
            psks[i].Id.Write(label);
            label.WriteUInt16((ushort)i);
            label.WriteUInt16((ushort)psks.Count);
            using MlsSecret extracted = suite.Extract(zero, psks[i].Key);
            using MlsSecret input = suite.ExpandWithLabel(extracted, "derived psk"u8, label.Written, suite.SecretSize);
            MlsSecret next = suite.Extract(input, secret);
            secret.Dispose();
            secret = next;
        }

        return secret;
    }
}
