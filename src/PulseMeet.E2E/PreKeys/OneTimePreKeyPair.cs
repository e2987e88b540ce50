using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A prekey that is handed out once and deleted after one session: an X25519 and an ML-KEM-768 key under one signature
/// (PQXDH, section 3.2: OPK and PQOPK).</summary>
/// <remarks>Both keys, the time and the generation are signed, so that a directory can put nothing of its own in their place.
/// Immutable and thread-safe. docs/protocol.md, "Prekeys".</remarks>
public sealed class OneTimePreKeyPair
{
    /// <summary>Length of the encoding, in bytes: 1,296.</summary>
    public const int EncodedSize = HeadSize + MlKemPublicKey.KeySize + Ed25519KeyPair.SignatureSize;

    /// <summary>Length of what is signed, in bytes.</summary>
    internal const int ContentSize = HeadSize + Sha256.Size;

    /// <summary>Id, generation, creation time and X25519 key, in bytes.</summary>
    private const int HeadSize = 4 + 4 + 8 + X25519PublicKey.KeySize;

    private readonly byte[] _content;
    private readonly byte[] _signature;

    private OneTimePreKeyPair(
        byte[] content, byte[] signature, uint id, uint generation, DateTimeOffset createdAt, X25519PublicKey curveKey, MlKemPublicKey kemKey)
    {
        _content = content;
        _signature = signature;
        Id = id;
        Generation = generation;
        CreatedAt = createdAt;
        CurveKey = curveKey;
        KemKey = kemKey;
    }

    /// <summary>The device's number for this pair; greater than its generation's.</summary>
    public uint Id { get; }

    /// <summary>The id of the signed pair that it belongs to: it is handed out with that one alone.</summary>
    public uint Generation { get; }

    /// <summary>When the device made it, in whole seconds.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The X25519 key.</summary>
    public X25519PublicKey CurveKey { get; }

    /// <summary>The ML-KEM-768 key.</summary>
    public MlKemPublicKey KemKey { get; }

    /// <summary>What is signed: 80 bytes.</summary>
    internal ReadOnlySpan<byte> Content => _content;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v2 one-time prekey pair"u8;

    internal static OneTimePreKeyPair Sign(
        Ed25519KeyPair signer, uint id, uint generation, DateTimeOffset createdAt, X25519PublicKey curveKey, MlKemPublicKey kemKey)
    {
        byte[] content = new byte[ContentSize];
        byte[] signature = new byte[Ed25519KeyPair.SignatureSize];
        var writer = new SpanWriter(content);
        writer.WriteUInt32(id);
        writer.WriteUInt32(generation);
        writer.WriteInt64(createdAt.ToUnixTimeSeconds());
        writer.WriteBytes(curveKey.Span);
        Sha256.Hash(kemKey.Span, writer.Next(Sha256.Size));
        signer.Sign(Label, content, signature);
        DateTimeOffset created = DateTimeOffset.FromUnixTimeSeconds(createdAt.ToUnixTimeSeconds());
        return new(content, signature, id, generation, created, curveKey, kemKey);
    }

    /// <summary>Reads a pair that came from outside; its signature is not verified yet.</summary>
    /// <param name="encoded">1,296 bytes.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static OneTimePreKeyPair Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        OneTimePreKeyPair pair = Read(ref reader);
        reader.ExpectEnd();
        return pair;
    }

    internal static OneTimePreKeyPair Read(ref SpanReader reader)
    {
        byte[] content = new byte[ContentSize];
        reader.ReadBytes(HeadSize).CopyTo(content);
        var head = new SpanReader(content);
        uint id = head.ReadUInt32();
        uint generation = head.ReadUInt32();
        DateTimeOffset createdAt = UnixTime.Read(ref head);
        var curveKey = X25519PublicKey.FromBytes(head.ReadBytes(X25519PublicKey.KeySize));
        var kemKey = MlKemPublicKey.FromBytes(reader.ReadBytes(MlKemPublicKey.KeySize));
        Sha256.Hash(kemKey.Span, content.AsSpan(HeadSize));
        byte[] signature = reader.ReadBytes(Ed25519KeyPair.SignatureSize).ToArray();
        if (id <= generation)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A one-time prekey pair is older than its generation.");
        }

        return new(content, signature, id, generation, createdAt, curveKey, kemKey);
    }

    /// <summary>The encoding, for publishing and storing: 1,296 bytes.</summary>
    public byte[] Encode() => [.. _content.AsSpan(0, HeadSize), .. KemKey.Span, .. _signature];

    /// <summary>Checks the signature.</summary>
    /// <param name="signer">The device's signing key.</param>
    /// <exception cref="E2EException">It does not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    public void Verify(Ed25519PublicKey signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        if (!signer.Verify(Label, _content, _signature))
        {
            throw new E2EException(E2EError.InvalidSignature, "A one-time prekey pair.");
        }
    }
}
