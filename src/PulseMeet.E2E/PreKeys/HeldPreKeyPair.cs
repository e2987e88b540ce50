using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The private side of a pair, with what was signed of it. Owns both private keys.</summary>
/// <remarks>The ML-KEM key is written as its seed alone, and its public key as its hash: what a handshake needs.</remarks>
internal sealed class HeldPreKeyPair : IDisposable
{
    private readonly MlKemKeyPair _kemKey;

    private HeldPreKeyPair(X25519KeyPair curveKey, MlKemKeyPair kemKey, byte[] content)
    {
        CurveKey = curveKey;
        _kemKey = kemKey;
        Content = content;
    }

    public X25519KeyPair CurveKey { get; }

    /// <summary>What the device signed; public.</summary>
    public byte[] Content { get; }

    /// <summary>The generation of a one-time pair.</summary>
    public uint Generation => BinaryPrimitives.ReadUInt32BigEndian(Content.AsSpan(4));

    /// <param name="curveKey">Owned from now on.</param>
    /// <param name="kemKey">Owned from now on.</param>
    /// <param name="content">What was signed; copied.</param>
    public static HeldPreKeyPair Of(X25519KeyPair curveKey, MlKemKeyPair kemKey, ReadOnlySpan<byte> content) =>
        new(curveKey, kemKey, content.ToArray());

    /// <summary>Writes the shared secret of a ciphertext: 32 bytes, which the caller zeroes.</summary>
    public void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) => _kemKey.Decapsulate(ciphertext, sharedSecret);

    public void WritePrivateKeys(ref SpanWriter writer)
    {
        CurveKey.Write(ref writer);
        _kemKey.Write(ref writer);
    }

    /// <param name="reader">Stands at the private keys.</param>
    /// <param name="curveKey">The X25519 public key.</param>
    /// <param name="content">What was signed; copied.</param>
    public static HeldPreKeyPair Read(ref SpanReader reader, X25519PublicKey curveKey, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> curve = reader.ReadBytes(X25519KeyPair.PrivateKeySize);
        ReadOnlySpan<byte> seed = reader.ReadBytes(MlKemKeyPair.SeedSize);
        return new(X25519KeyPair.Import(curve, curveKey), MlKemKeyPair.Import(seed), content.ToArray());
    }

    public void Dispose()
    {
        CurveKey.Dispose();
        _kemKey.Dispose();
    }
}
