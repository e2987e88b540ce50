namespace PulseMeet.E2E.Mls;

/// <summary>The key schedule's outputs for one epoch (RFC 9420, section 8).</summary>
/// <remarks>Owns its secrets. The epoch secret and the joiner secret are deleted as soon as these are derived (section 9.2);
/// the encryption secret belongs to the secret tree.</remarks>
internal sealed class EpochSecrets : IDisposable
{
    private HpkeKeyPair? _external;

    private EpochSecrets()
    {
    }

    public required MlsSecret SenderData { get; init; }

    public required MlsSecret Exporter { get; init; }

    public required MlsSecret External { get; init; }

    public required MlsSecret ConfirmationKey { get; init; }

    public required MlsSecret MembershipKey { get; init; }

    public required MlsSecret Resumption { get; init; }

    public required MlsSecret Authenticator { get; init; }

    public required MlsSecret Init { get; init; }

    /// <summary>The secret of the secret tree's root; null once the tree has taken it.</summary>
    public MlsSecret? Encryption { get; private set; }

    /// <summary>From epoch_secret downwards.</summary>
    public static EpochSecrets From(MlsSuite suite, MlsSecret epochSecret) => new()
    {
        SenderData = suite.DeriveSecret(epochSecret, "sender data"u8),
        Encryption = suite.DeriveSecret(epochSecret, "encryption"u8),
        Exporter = suite.DeriveSecret(epochSecret, "exporter"u8),
        External = suite.DeriveSecret(epochSecret, "external"u8),
        ConfirmationKey = suite.DeriveSecret(epochSecret, "confirm"u8),
        MembershipKey = suite.DeriveSecret(epochSecret, "membership"u8),
        Resumption = suite.DeriveSecret(epochSecret, "resumption"u8),
        Authenticator = suite.DeriveSecret(epochSecret, "authentication"u8),
        Init = suite.DeriveSecret(epochSecret, "init"u8),
    };

    /// <summary>external_priv, external_pub (section 8).</summary>
    public HpkeKeyPair ExternalKeyPair(MlsSuite suite) => _external ??= suite.DeriveKeyPair(External);

    public MlsSecret TakeEncryption()
    {
        MlsSecret taken = Encryption ?? throw new InvalidOperationException("The encryption secret was taken.");
        Encryption = null;
        return taken;
    }

    /// <summary>confirmation_tag (section 6.1).</summary>
    public byte[] ConfirmationTag(MlsSuite suite, ReadOnlySpan<byte> confirmedTranscriptHash) =>
        suite.Mac(ConfirmationKey, confirmedTranscriptHash);

    /// <summary>MLS-Exporter (section 8.5).</summary>
    public MlsSecret Export(MlsSuite suite, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, int length)
    {
        using MlsSecret derived = suite.DeriveSecret(Exporter, label);
        return suite.ExpandWithLabel(derived, "exported"u8, suite.Hash.Hash(context), length);
    }

    public void WriteTo(MlsWriter writer)
    {
        foreach (MlsSecret secret in Kept())
        {
            secret.WriteVector(writer);
        }
    }

    /// <exception cref="E2EException">A length is wrong (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static EpochSecrets ReadFrom(MlsSuite suite, ref MlsReader reader) => new()
    {
        SenderData = MlsSecret.Read(ref reader, suite.SecretSize),
        Exporter = MlsSecret.Read(ref reader, suite.SecretSize),
        External = MlsSecret.Read(ref reader, suite.SecretSize),
        ConfirmationKey = MlsSecret.Read(ref reader, suite.SecretSize),
        MembershipKey = MlsSecret.Read(ref reader, suite.SecretSize),
        Resumption = MlsSecret.Read(ref reader, suite.SecretSize),
        Authenticator = MlsSecret.Read(ref reader, suite.SecretSize),
        Init = MlsSecret.Read(ref reader, suite.SecretSize),
    };

    public void Dispose()
    {
        foreach (MlsSecret secret in Kept())
        {
            secret.Dispose();
        }

        Encryption?.Dispose();
        _external?.Dispose();
    }

    private MlsSecret[] Kept() =>
        [SenderData, Exporter, External, ConfirmationKey, MembershipKey, Resumption, Authenticator, Init];
}
