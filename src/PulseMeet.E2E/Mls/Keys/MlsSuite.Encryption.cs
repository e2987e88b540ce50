using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Mls;

/// <summary>EncryptWithLabel and DecryptWithLabel (RFC 9420, section 5.1.3), key pairs, and the external init secret
/// (section 8.3).</summary>
internal sealed partial class MlsSuite
{
    private static ReadOnlySpan<byte> ExternalInitLabel => "MLS 1.0 external init secret"u8;

    public HpkeCiphertext EncryptWithLabel(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, ReadOnlySpan<byte> plaintext)
    {
        using MlsWriter info = EncryptContext(label, context);
        using HpkeContext hpke = Hpke.SetupSender(publicKey, info.Written, out byte[] encapsulation);
        return new HpkeCiphertext(encapsulation, hpke.Seal(default, plaintext));
    }

    /// <returns>Null where the ciphertext is not authentic or the encapsulation is malformed.</returns>
    public MlsSecret? DecryptWithLabel(
        MlsSecret privateKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, HpkeCiphertext ciphertext)
    {
        if (ciphertext.KemOutput.Length != Kem.EncapsulationSize || ciphertext.Ciphertext.Length < Aead.TagSize)
        {
            return null;
        }

        using MlsWriter info = EncryptContext(label, context);
        using SecretScope key = privateKey.Use();
        try
        {
            using HpkeContext hpke = Hpke.SetupRecipient(ciphertext.KemOutput, key.Span, info.Written);
            var plaintext = new MlsSecret(ciphertext.Ciphertext.Length - Aead.TagSize);
            using SecretScope to = plaintext.Use();
            if (hpke.TryOpen(default, ciphertext.Ciphertext, to.Span))
            {
                return plaintext;
            }

            plaintext.Dispose();
            return null;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.InvalidPublicKey)
        {
            return null;
        }
    }

    /// <summary>KEM.DeriveKeyPair.</summary>
    public HpkeKeyPair DeriveKeyPair(MlsSecret ikm)
    {
        var privateKey = new MlsSecret(Kem.PrivateKeySize);
        byte[] publicKey = new byte[Kem.PublicKeySize];
        using SecretScope from = ikm.Use();
        using SecretScope to = privateKey.Use();
        Kem.DeriveKeyPair(from.Span, to.Span, publicKey);
        return new HpkeKeyPair(privateKey, publicKey);
    }

    public HpkeKeyPair GenerateKeyPair()
    {
        using MlsSecret ikm = MlsSecret.Random(32);
        return DeriveKeyPair(ikm);
    }

    /// <summary>Whether a private key is that of a public key.</summary>
    public bool Matches(MlsSecret privateKey, ReadOnlySpan<byte> publicKey)
    {
        if (privateKey.Length != Kem.PrivateKeySize)
        {
            return false;
        }

        byte[] derived = new byte[Kem.PublicKeySize];
        using SecretScope scope = privateKey.Use();
        Kem.DerivePublicKey(scope.Span, derived);
        return PublicBytes.Equal(derived, publicKey);
    }

    /// <summary>The joiner's side of section 8.3.</summary>
    public MlsSecret ExportExternalInit(ReadOnlySpan<byte> externalPublicKey, out byte[] kemOutput)
    {
        using HpkeContext context = Hpke.SetupSender(externalPublicKey, default, out kemOutput);
        return ExternalInit(context);
    }

    /// <summary>The members' side of section 8.3.</summary>
    public MlsSecret ImportExternalInit(MlsSecret externalPrivateKey, ReadOnlySpan<byte> kemOutput)
    {
        using SecretScope key = externalPrivateKey.Use();
        using HpkeContext context = Hpke.SetupRecipient(kemOutput, key.Span, default);
        return ExternalInit(context);
    }

    private MlsSecret ExternalInit(HpkeContext context)
    {
        var secret = new MlsSecret(SecretSize);
        using SecretScope scope = secret.Use();
        context.Export(ExternalInitLabel, scope.Span);
        return secret;
    }

    private static MlsWriter EncryptContext(ReadOnlySpan<byte> label, ReadOnlySpan<byte> context) =>
        SignContent(label, context);
}
