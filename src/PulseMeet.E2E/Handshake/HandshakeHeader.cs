using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>What stands before the ratchet message in the first messages of a session, until the peer has answered.</summary>
/// <remarks>PQXDH, section 3.3: the initiator's identity, ephemeral key, ciphertext and the names of the prekeys.
/// docs/protocol.md, "First message". Immutable.</remarks>
internal sealed class HandshakeHeader
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxSize =
        2 + DeviceCertificate.MaxEncodedSize + PreKeyNames.MaxSize + X25519PublicKey.KeySize + MlKem768.CiphertextSize;

    private readonly byte[] _encoded;
    private readonly int _ciphertextAt;

    private HandshakeHeader(
        byte[] encoded, DeviceCertificate certificate, PreKeyNames preKeys, X25519PublicKey ephemeralKey, int ciphertextAt)
    {
        _encoded = encoded;
        Certificate = certificate;
        PreKeys = preKeys;
        EphemeralKey = ephemeralKey;
        _ciphertextAt = ciphertextAt;
    }

    public DeviceCertificate Certificate { get; }

    public PreKeyNames PreKeys { get; }

    public X25519PublicKey EphemeralKey { get; }

    public ReadOnlySpan<byte> KemCiphertext => _encoded.AsSpan(_ciphertextAt, MlKem768.CiphertextSize);

    public ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>32 bytes that tell this handshake from every other: the hash of all of the header that the transcript
    /// covers, which is all but the certificate's validity and signature.</summary>
    public byte[] HashBound()
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteField16(Certificate.Identity);
        PreKeys.Write(ref writer);
        writer.WriteBytes(EphemeralKey.Span);
        writer.WriteBytes(KemCiphertext);
        byte[] hash = new byte[Sha256.Size];
        Sha256.Hash(writer.WrittenSpan, hash);
        return hash;
    }

    public HandshakeInfo Info => new(PreKeys.OneTimePreKeyId.HasValue, !PreKeys.IsLastResort);

    public static HandshakeHeader Create(
        DeviceCertificate certificate, PreKeyNames preKeys, X25519PublicKey ephemeralKey, ReadOnlySpan<byte> kemCiphertext)
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteField16(certificate.Encoded);
        preKeys.Write(ref writer);
        writer.WriteBytes(ephemeralKey.Span);
        int ciphertextAt = writer.Written;
        writer.WriteBytes(kemCiphertext);
        return new(writer.WrittenSpan.ToArray(), certificate, preKeys, ephemeralKey, ciphertextAt);
    }

    /// <summary>Reads a header and leaves the reader behind it.</summary>
    public static HandshakeHeader Read(ref SpanReader reader)
    {
        SpanReader start = reader;
        DeviceCertificate certificate = DeviceCertificate.Decode(reader.ReadField16());
        PreKeyNames preKeys = PreKeyNames.Read(ref reader);
        var ephemeralKey = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        int ciphertextAt = start.Remaining - reader.Remaining;
        _ = reader.ReadBytes(MlKem768.CiphertextSize);
        byte[] encoded = start.ReadBytes(start.Remaining - reader.Remaining).ToArray();
        return new(encoded, certificate, preKeys, ephemeralKey, ciphertextAt);
    }
}
