using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Welcome (RFC 9420, section 12.4.3.1).</summary>
internal sealed class Welcome(ushort suite, EncryptedGroupSecrets[] secrets, byte[] encryptedGroupInfo) : IMlsStruct<Welcome>
{
    public ushort Suite { get; } = suite;

    public IReadOnlyList<EncryptedGroupSecrets> Secrets => secrets;

    public byte[] EncryptedGroupInfo { get; } = encryptedGroupInfo;

    public static Welcome Read(ref MlsReader reader) =>
        new(reader.ReadUInt16(), reader.ReadAll<EncryptedGroupSecrets>(), reader.ReadVector().ToArray());

    /// <summary>Seals the group's description once, for all joiners of a commit.</summary>
    public static byte[] SealGroupInfo(MlsSuite suite, MlsSecret welcomeSecret, GroupInfo groupInfo)
    {
        byte[] plaintext = groupInfo.Encode();
        byte[] sealedBytes = new byte[plaintext.Length + Aead.TagSize];
        (MlsSecret key, MlsSecret nonce) = Keys(suite, welcomeSecret);
        using (key)
        using (nonce)
        {
            using SecretScope k = key.Use();
            using SecretScope n = nonce.Use();
            suite.Aead.Seal(k.Span, n.Span, plaintext, default, sealedBytes);
        }

        return sealedBytes;
    }

    /// <exception cref="E2EException">Not authentic (<see cref="E2EError.NotAuthentic"/>) or malformed.</exception>
    public GroupInfo OpenGroupInfo(MlsSuite suite, MlsSecret welcomeSecret)
    {
        byte[] plaintext = new byte[Math.Max(0, EncryptedGroupInfo.Length - Aead.TagSize)];
        (MlsSecret key, MlsSecret nonce) = Keys(suite, welcomeSecret);
        using (key)
        using (nonce)
        {
            using SecretScope k = key.Use();
            using SecretScope n = nonce.Use();
            if (!suite.Aead.TryOpen(k.Span, n.Span, EncryptedGroupInfo, default, plaintext))
            {
                throw new E2EException(E2EError.NotAuthentic, "The Welcome's group info does not open.");
            }
        }

        return MlsEncoding.Decode<GroupInfo>(plaintext);
    }

    public static EncryptedGroupSecrets Seal(
        MlsSuite suite, KeyPackage keyPackage, GroupSecrets groupSecrets, ReadOnlySpan<byte> encryptedGroupInfo)
    {
        using var writer = new MlsWriter();
        groupSecrets.Write(writer);
        return new EncryptedGroupSecrets(
            keyPackage.Reference(suite),
            suite.EncryptWithLabel(keyPackage.InitKey, "Welcome"u8, encryptedGroupInfo, writer.Written));
    }

    /// <exception cref="E2EException">No entry is for the key package (<see cref="E2EError.MlsNotForThisClient"/>), or it does
    /// not open (<see cref="E2EError.NotAuthentic"/>).</exception>
    public GroupSecrets OpenFor(MlsSuite suite, KeyPackage keyPackage, MlsSecret initPrivateKey)
    {
        byte[] reference = keyPackage.Reference(suite);
        EncryptedGroupSecrets entry = Array.Find(secrets, secret => PublicBytes.Equal(secret.NewMember, reference))
            ?? throw new E2EException(E2EError.MlsNotForThisClient);
        using MlsSecret plaintext =
            suite.DecryptWithLabel(initPrivateKey, "Welcome"u8, EncryptedGroupInfo, entry.Secrets)
            ?? throw new E2EException(E2EError.NotAuthentic, "The Welcome's secrets do not open.");
        using SecretScope scope = plaintext.Use();
        return GroupSecrets.Decode(scope.Span);
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(Suite);
        writer.WriteAll(secrets);
        writer.WriteVector(EncryptedGroupInfo);
    }

    private static (MlsSecret Key, MlsSecret Nonce) Keys(MlsSuite suite, MlsSecret welcomeSecret) => (
        suite.ExpandWithLabel(welcomeSecret, "key"u8, default, suite.Aead.KeySize),
        suite.ExpandWithLabel(welcomeSecret, "nonce"u8, default, Aead.NonceSize));
}

/// <summary>EncryptedGroupSecrets (RFC 9420, section 12.4.3.1): one joiner's entry.</summary>
internal sealed class EncryptedGroupSecrets(byte[] newMember, HpkeCiphertext secrets) : IMlsStruct<EncryptedGroupSecrets>
{
    /// <summary>KeyPackageRef.</summary>
    public byte[] NewMember { get; } = newMember;

    public HpkeCiphertext Secrets { get; } = secrets;

    public static EncryptedGroupSecrets Read(ref MlsReader reader) =>
        new(reader.ReadVector().ToArray(), HpkeCiphertext.Read(ref reader));

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(NewMember);
        Secrets.Write(writer);
    }
}
