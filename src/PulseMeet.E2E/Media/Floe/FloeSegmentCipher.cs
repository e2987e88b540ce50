using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals and opens single segments of one file. Keeps the AES key of the last segment, so that neighbours cost
/// AES-GCM alone and allocate nothing.</summary>
/// <remarks>c2sp.org/FLOE, encryptSegment and decryptSegment. Not thread-safe: one for each worker, over one shared
/// <see cref="FloeState"/>, which it does not dispose.</remarks>
internal sealed class FloeSegmentCipher(FloeState state, SegmentNonces? nonces = null) : IDisposable
{
    private const uint NotFinal = 0xFFFFFFFF;
    private const int NonceOffset = 4;
    private const int CiphertextOffset = NonceOffset + AesGcm256.NonceSize;
    private const int AssociatedDataSize = sizeof(long) + 1;

    private AesGcm256Key? _key;
    private long _keyNumber = -1;

    /// <summary>encryptSegment with a random nonce, or the one that the file's nonces give.</summary>
    /// <param name="plaintext">A full segment's, or at most that of the final one.</param>
    /// <param name="position">Counts from 0; the caller seals each position once.</param>
    /// <param name="isFinal">Whether the file ends here.</param>
    /// <param name="segment">32 bytes longer than <paramref name="plaintext"/>.</param>
    public void Seal(ReadOnlySpan<byte> plaintext, long position, bool isFinal, Span<byte> segment)
    {
        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        if (nonces is null)
        {
            Randomness.NextNonce(nonce);
        }
        else
        {
            nonces.Write(plaintext, position, isFinal, nonce);
        }

        Seal(plaintext, position, isFinal, nonce, segment);
    }

    /// <summary>The same with a given nonce, for the vectors.</summary>
    internal void Seal(
        ReadOnlySpan<byte> plaintext, long position, bool isFinal, ReadOnlySpan<byte> nonce, Span<byte> segment)
    {
        CheckPosition(position);
        Argument.HasLength(segment, plaintext.Length + FloeParameters.SegmentOverhead);
        int full = state.Parameters.PlaintextLength;
        if (isFinal ? plaintext.Length > full : plaintext.Length != full)
        {
            throw new ArgumentException("Only the final segment may be short.", nameof(plaintext));
        }

        BinaryPrimitives.WriteUInt32BigEndian(segment, isFinal ? (uint)segment.Length : NotFinal);
        nonce.CopyTo(segment[NonceOffset..]);
        Span<byte> associatedData = stackalloc byte[AssociatedDataSize];
        WriteAssociatedData(position, isFinal, associatedData);
        KeyFor(position).Seal(nonce, plaintext, associatedData, segment[CiphertextOffset..]);
    }

    /// <summary>decryptSegment.</summary>
    /// <param name="segment">Input from outside.</param>
    /// <param name="position">Where the file's layout has the segment.</param>
    /// <param name="isFinal">Whether the layout ends here.</param>
    /// <param name="plaintext">32 bytes shorter than <paramref name="segment"/>; zeroed where the segment is refused.</param>
    /// <exception cref="E2EException">The segment is not the authentic one of that position
    /// (<see cref="E2EError.NotAuthentic"/>), or too short (<see cref="E2EError.Truncated"/>).</exception>
    public void Open(ReadOnlySpan<byte> segment, long position, bool isFinal, Span<byte> plaintext)
    {
        CheckPosition(position);
        if (segment.Length < FloeParameters.SegmentOverhead || (!isFinal && segment.Length != state.Parameters.SegmentLength))
        {
            throw new E2EException(E2EError.Truncated, "A segment is too short.");
        }

        Argument.HasLength(plaintext, segment.Length - FloeParameters.SegmentOverhead);
        uint expected = isFinal ? (uint)segment.Length : NotFinal;
        Span<byte> associatedData = stackalloc byte[AssociatedDataSize];
        WriteAssociatedData(position, isFinal, associatedData);
        if (segment.Length > state.Parameters.SegmentLength
            || BinaryPrimitives.ReadUInt32BigEndian(segment) != expected
            || !KeyFor(position).TryOpen(
                segment.Slice(NonceOffset, AesGcm256.NonceSize), segment[CiphertextOffset..], associatedData, plaintext))
        {
            plaintext.Clear();
            throw new E2EException(E2EError.NotAuthentic, "A segment does not verify.");
        }
    }

    public void Dispose() => _key?.Dispose();

    private static void CheckPosition(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (position >= FloeParameters.MaxSegments)
        {
            throw new E2EException(E2EError.LimitExceeded, "More than 2^40 segments.");
        }
    }

    private static void WriteAssociatedData(long position, bool isFinal, Span<byte> associatedData)
    {
        BinaryPrimitives.WriteInt64BigEndian(associatedData, position);
        associatedData[^1] = isFinal ? (byte)1 : (byte)0;
    }

    private AesGcm256Key KeyFor(long position)
    {
        long number = position >> state.Parameters.RotationBits;
        if (_key is not null && number == _keyNumber)
        {
            return _key;
        }

        using var key = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        state.DeriveSegmentKey(position, key.Span);
        _key?.Dispose();
        _key = new AesGcm256Key(key.Span);
        _keyNumber = number;
        return _key;
    }
}
