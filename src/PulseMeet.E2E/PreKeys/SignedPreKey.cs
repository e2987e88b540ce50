using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A device's medium-term X25519 prekey, signed by the device's signing key (PQXDH, section 3.2: SPK).</summary>
/// <remarks>Immutable and thread-safe. docs/protocol.md, "Prekeys".</remarks>
public sealed class SignedPreKey
{
    /// <summary>Length of the encoding, in bytes: id, creation time, key, signature.</summary>
    public const int EncodedSize = ContentSize + Ed25519KeyPair.SignatureSize;

    private const int ContentSize = 4 + 8 + X25519PublicKey.KeySize;

    private readonly byte[] _encoded;

    private SignedPreKey(byte[] encoded, uint id, DateTimeOffset createdAt, X25519PublicKey key)
    {
        _encoded = encoded;
        Id = id;
        CreatedAt = createdAt;
        Key = key;
    }

    /// <summary>The device's number for this prekey.</summary>
    public uint Id { get; }

    /// <summary>When the device made it, in whole seconds.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The public key.</summary>
    public X25519PublicKey Key { get; }

    internal ReadOnlySpan<byte> Encoded => _encoded;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 signed prekey"u8;

    internal static SignedPreKey Sign(Ed25519KeyPair signer, uint id, DateTimeOffset createdAt, X25519PublicKey key)
    {
        byte[] encoded = new byte[EncodedSize];
        var writer = new SpanWriter(encoded);
        writer.WriteUInt32(id);
        writer.WriteInt64(createdAt.ToUnixTimeSeconds());
        writer.WriteBytes(key.Span);
        signer.Sign(Label, writer.WrittenSpan, encoded.AsSpan(ContentSize));
        return new(encoded, id, DateTimeOffset.FromUnixTimeSeconds(createdAt.ToUnixTimeSeconds()), key);
    }

    /// <summary>Reads a prekey that came from outside; its signature is not verified yet.</summary>
    /// <param name="encoded">108 bytes.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static SignedPreKey Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        uint id = reader.ReadUInt32();
        DateTimeOffset createdAt = UnixTime.Read(ref reader);
        var key = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        _ = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        return new(encoded.ToArray(), id, createdAt, key);
    }

    /// <summary>The encoding, for publishing and storing.</summary>
    public byte[] ToArray() => [.. _encoded];

    /// <summary>Checks the signature.</summary>
    /// <param name="signer">The device's signing key.</param>
    /// <exception cref="E2EException">It does not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    public void Verify(Ed25519PublicKey signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (!signer.Verify(Label, _encoded.AsSpan(0, ContentSize), _encoded.AsSpan(ContentSize)))
        {
            throw new E2EException(E2EError.InvalidSignature, "The signed prekey.");
        }
    }
}
