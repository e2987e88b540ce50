using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The header of a message: ratchet key, length of the previous chain, number in this one. It travels sealed.</summary>
/// <remarks>Double Ratchet, section 4.2: HENCRYPT and HDECRYPT are AES-256-GCM under the header key with the message's random
/// nonce; the associated data is the session's and the message's first two bytes.</remarks>
internal readonly ref struct RatchetHeader(ReadOnlySpan<byte> ratchetKey, uint previousChainLength, uint number)
{
    /// <summary>Length in the clear, in bytes.</summary>
    public const int Size = X25519.KeySize + 4 + 4;

    /// <summary>Length of a header key, in bytes.</summary>
    public const int KeySize = AesGcm256.KeySize;

    /// <summary>Length when sealed, in bytes.</summary>
    public const int SealedSize = Size + AesGcm256.TagSize;

    /// <summary>32 bytes; from the peer, and not checked yet.</summary>
    public ReadOnlySpan<byte> RatchetKey { get; } = ratchetKey;

    public uint PreviousChainLength { get; } = previousChainLength;

    public uint Number { get; } = number;

    public void Write(Span<byte> destination)
    {
        var writer = new SpanWriter(destination);
        writer.WriteBytes(RatchetKey);
        writer.WriteUInt32(PreviousChainLength);
        writer.WriteUInt32(Number);
        writer.ExpectFull();
    }

    public static RatchetHeader Read(ReadOnlySpan<byte> opened)
    {
        var reader = new SpanReader(opened);
        ReadOnlySpan<byte> ratchetKey = reader.ReadBytes(X25519.KeySize);
        return new(ratchetKey, reader.ReadUInt32(), reader.ReadUInt32());
    }
}
