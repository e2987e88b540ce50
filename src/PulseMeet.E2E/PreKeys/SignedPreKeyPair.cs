using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A device's medium-term prekey: an X25519 and an ML-KEM-768 key under one signature (PQXDH, section 3.2: SPK and, since it
/// serves when the one-time pairs have run out, PQSPK).</summary>
/// <remarks>What is signed holds the ML-KEM key's hash, so that the key itself can be left out where a one-time pair takes its
/// place. Its id is the number of a generation: one-time pairs name the one that they belong to. Immutable and thread-safe.
/// docs/protocol.md, "Prekeys".</remarks>
public sealed class SignedPreKeyPair
{
    /// <summary>Length of the encoding with the ML-KEM key, in bytes: 1,325.</summary>
    public const int EncodedSize = HeadSize + 1 + MlKemPublicKey.KeySize + Ed25519KeyPair.SignatureSize;

    /// <summary>Id, creation time, X25519 key and profile, in bytes.</summary>
    internal const int HeadSize = 4 + 8 + X25519PublicKey.KeySize + SharedProfile.HashSize;

    private readonly byte[] _content;
    private readonly byte[] _signature;

    private SignedPreKeyPair(
        byte[] content, byte[] signature, uint id, DateTimeOffset createdAt, X25519PublicKey curveKey, MlKemPublicKey? kemKey)
    {
        _content = content;
        _signature = signature;
        Id = id;
        CreatedAt = createdAt;
        CurveKey = curveKey;
        KemKey = kemKey;
    }

    /// <summary>The device's number for this pair and its generation; a later pair has a greater one.</summary>
    public uint Id { get; }

    /// <summary>When the device made it, in whole seconds.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The X25519 key.</summary>
    public X25519PublicKey CurveKey { get; }

    /// <summary>The ML-KEM-768 key; null where the pair came with the key's hash alone.</summary>
    public MlKemPublicKey? KemKey { get; }

    /// <summary>The hash of what the device's app has chosen and a peer's has to choose alike, 32 bytes.</summary>
    public ReadOnlySpan<byte> ProfileHash => _content.AsSpan(HeadSize - SharedProfile.HashSize, SharedProfile.HashSize);

    /// <summary>What is signed: 108 bytes.</summary>
    internal ReadOnlySpan<byte> Content => _content;

    /// <summary>By signing key, content and signature, which are of fixed lengths.</summary>
    internal static VerifiedOnce<byte[]> AllVerified { get; } = new(VerifiedOnce<byte[]>.SharedCapacity);

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v2 signed prekey pair"u8;

    internal static SignedPreKeyPair Sign(
        Ed25519KeyPair signer, uint id, DateTimeOffset createdAt, X25519PublicKey curveKey, MlKemPublicKey kemKey, SharedProfile profile)
    {
        byte[] content = new byte[HeadSize + Sha256.Size];
        byte[] signature = new byte[Ed25519KeyPair.SignatureSize];
        var writer = new SpanWriter(content);
        writer.WriteUInt32(id);
        writer.WriteInt64(createdAt.ToUnixTimeSeconds());
        writer.WriteBytes(curveKey.Span);
        writer.WriteBytes(profile.Hash);
        Sha256.Hash(kemKey.Span, writer.Next(Sha256.Size));
        signer.Sign(Label, content, signature);
        return new(content, signature, id, DateTimeOffset.FromUnixTimeSeconds(createdAt.ToUnixTimeSeconds()), curveKey, kemKey);
    }

    /// <summary>Reads a pair that came from outside; its signature is not verified yet.</summary>
    /// <param name="encoded">1,325 bytes, or 173 with the ML-KEM key's hash in the key's place.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or a bad key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static SignedPreKeyPair Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        SignedPreKeyPair pair = Read(ref reader);
        reader.ExpectEnd();
        return pair;
    }

    internal static SignedPreKeyPair Read(ref SpanReader reader)
    {
        byte[] content = new byte[HeadSize + Sha256.Size];
        reader.ReadBytes(HeadSize).CopyTo(content);
        var head = new SpanReader(content);
        uint id = head.ReadUInt32();
        DateTimeOffset createdAt = UnixTime.Read(ref head);
        var curveKey = X25519PublicKey.FromBytes(head.ReadBytes(X25519PublicKey.KeySize));
        MlKemPublicKey? kemKey = reader.ReadBoolean() ? MlKemPublicKey.FromBytes(reader.ReadBytes(MlKemPublicKey.KeySize)) : null;
        if (kemKey is null)
        {
            reader.ReadBytes(Sha256.Size).CopyTo(content.AsSpan(HeadSize));
        }
        else
        {
            Sha256.Hash(kemKey.Span, content.AsSpan(HeadSize));
        }

        byte[] signature = reader.ReadBytes(Ed25519KeyPair.SignatureSize).ToArray();
        return new(content, signature, id, createdAt, curveKey, kemKey);
    }

    /// <summary>The encoding, for publishing and storing: 1,325 bytes, or 173 where the ML-KEM key is not there.</summary>
    public byte[] Encode()
    {
        ReadOnlySpan<byte> kem = KemKey is null ? _content.AsSpan(HeadSize) : KemKey.Span;
        return [.. _content.AsSpan(0, HeadSize), KemKey is null ? (byte)0 : (byte)1, .. kem, .. _signature];
    }

    /// <summary>The same pair with the ML-KEM key's hash in the key's place, for a bundle with a one-time pair.</summary>
    public SignedPreKeyPair WithoutKemKey() => new(_content, _signature, Id, CreatedAt, CurveKey, kemKey: null);

    /// <summary>Checks the signature.</summary>
    /// <param name="signer">The device's signing key.</param>
    /// <exception cref="E2EException">It does not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    /// <remarks>Once for each pair and signer in a process: a device publishes one for weeks, and each of its bundles has it.</remarks>
    public void Verify(Ed25519PublicKey signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        byte[] whole = [.. signer.Span, .. _content, .. _signature];
        if (AllVerified.Find(whole) is not null)
        {
            return;
        }

        if (!signer.Verify(Label, _content, _signature))
        {
            throw new E2EException(E2EError.InvalidSignature, "The signed prekey pair.");
        }

        AllVerified.Add(whole, _signature);
    }
}
