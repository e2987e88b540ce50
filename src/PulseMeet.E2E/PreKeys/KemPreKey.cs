using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A device's ML-KEM-768 prekey, signed by the device's signing key (PQXDH, section 3.2: PQSPK, PQOPK).</summary>
/// <remarks>One-time prekeys are handed out once; the last-resort one serves when they have run out. Which of the two it is
/// is signed, so that a directory cannot pass one off as the other. Immutable and thread-safe.</remarks>
public sealed class KemPreKey
{
    /// <summary>Length of the encoding, in bytes: id, creation time, last-resort flag, key, signature.</summary>
    public const int EncodedSize = ContentSize + Ed25519KeyPair.SignatureSize;

    private const int ContentSize = 4 + 8 + 1 + MlKemPublicKey.KeySize;

    private readonly byte[] _encoded;

    private KemPreKey(byte[] encoded, uint id, DateTimeOffset createdAt, bool isLastResort, MlKemPublicKey key)
    {
        _encoded = encoded;
        Id = id;
        CreatedAt = createdAt;
        IsLastResort = isLastResort;
        Key = key;
    }

    /// <summary>The device's number for this prekey.</summary>
    public uint Id { get; }

    /// <summary>When the device made it, in whole seconds.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>Whether this is the prekey that serves when the one-time ones have run out.</summary>
    public bool IsLastResort { get; }

    /// <summary>The encapsulation key.</summary>
    public MlKemPublicKey Key { get; }

    internal ReadOnlySpan<byte> Encoded => _encoded;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 post-quantum prekey"u8;

    internal static KemPreKey Sign(
        Ed25519KeyPair signer, uint id, DateTimeOffset createdAt, bool isLastResort, MlKemPublicKey key)
    {
        byte[] encoded = new byte[EncodedSize];
        var writer = new SpanWriter(encoded);
        writer.WriteUInt32(id);
        writer.WriteInt64(createdAt.ToUnixTimeSeconds());
        writer.WriteBoolean(isLastResort);
        writer.WriteBytes(key.Span);
        signer.Sign(Label, writer.WrittenSpan, encoded.AsSpan(ContentSize));
        return new(encoded, id, DateTimeOffset.FromUnixTimeSeconds(createdAt.ToUnixTimeSeconds()), isLastResort, key);
    }

    /// <summary>Reads a prekey that came from outside; its signature is not verified yet.</summary>
    /// <param name="encoded">1,261 bytes.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static KemPreKey Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        uint id = reader.ReadUInt32();
        DateTimeOffset createdAt = UnixTime.Read(ref reader);
        bool isLastResort = reader.ReadBoolean();
        var key = MlKemPublicKey.FromBytes(reader.ReadBytes(MlKemPublicKey.KeySize));
        _ = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        return new(encoded.ToArray(), id, createdAt, isLastResort, key);
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
            throw new E2EException(E2EError.InvalidSignature, "The post-quantum prekey.");
        }
    }
}
