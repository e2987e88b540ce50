using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>What stands before the ratchet message in the first messages of a session, until the peer has answered.</summary>
/// <remarks>PQXDH, section 3.3: the initiator's identity, ephemeral key, ciphertext and the names of the prekeys.
/// docs/protocol.md, "First message". Immutable. Reading takes it apart and checks no key: what is cheap is looked at first.</remarks>
internal sealed class HandshakeHeader
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxSize =
        2 + DeviceCertificate.MaxEncodedSize + PreKeyNames.MaxSize + X25519PublicKey.KeySize + MlKem768.CiphertextSize;

    private readonly byte[] _encoded;
    private readonly int _certificateLength;

    private HandshakeHeader(byte[] encoded, int certificateLength, PreKeyNames preKeys)
    {
        _encoded = encoded;
        _certificateLength = certificateLength;
        PreKeys = preKeys;
    }

    /// <summary>The initiator's certificate, encoded.</summary>
    public ReadOnlySpan<byte> Certificate => _encoded.AsSpan(2, _certificateLength);

    public PreKeyNames PreKeys { get; }

    /// <summary>The initiator's ephemeral key; not checked.</summary>
    public ReadOnlySpan<byte> EphemeralKey => _encoded.AsSpan(
        _encoded.Length - MlKem768.CiphertextSize - X25519PublicKey.KeySize, X25519PublicKey.KeySize);

    public ReadOnlySpan<byte> KemCiphertext => _encoded.AsSpan(_encoded.Length - MlKem768.CiphertextSize);

    public ReadOnlySpan<byte> Encoded => _encoded;

    public HandshakeInfo Info => new(PreKeys.OneTimePairId.HasValue);

    /// <summary>32 bytes that tell this handshake from every other: the hash of all of the header but the certificate's validity and
    /// signature, which may be renewed while nobody has answered.</summary>
    public byte[] HashOfHandshake()
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteField16(DeviceCertificate.IdentityOf(Certificate));
        writer.WriteBytes(_encoded.AsSpan(2 + _certificateLength));
        return Sha256.Hash(writer.WrittenSpan);
    }

    /// <summary>The same handshake with another certificate of the same device.</summary>
    public HandshakeHeader With(DeviceCertificate certificate)
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteField16(certificate.Encoded);
        writer.WriteBytes(_encoded.AsSpan(2 + _certificateLength));
        return new(writer.WrittenSpan.ToArray(), certificate.Encoded.Length, PreKeys);
    }

    public static HandshakeHeader Create(
        DeviceCertificate certificate, PreKeyNames preKeys, X25519PublicKey ephemeralKey, ReadOnlySpan<byte> kemCiphertext)
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteField16(certificate.Encoded);
        preKeys.Write(ref writer);
        writer.WriteBytes(ephemeralKey.Span);
        writer.WriteBytes(kemCiphertext);
        return new(writer.WrittenSpan.ToArray(), certificate.Encoded.Length, preKeys);
    }

    /// <summary>Reads a header and leaves the reader behind it.</summary>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or with a certificate longer than any
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static HandshakeHeader Read(ref SpanReader reader)
    {
        SpanReader start = reader;
        int certificateLength = reader.ReadField16().Length;
        if (certificateLength > DeviceCertificate.MaxEncodedSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "A certificate longer than any.");
        }

        PreKeyNames preKeys = PreKeyNames.Read(ref reader);
        _ = reader.ReadBytes(X25519PublicKey.KeySize + MlKem768.CiphertextSize);
        return new(start.ReadBytes(start.Remaining - reader.Remaining).ToArray(), certificateLength, preKeys);
    }
}
