using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>What sealing and opening the segments of one file needs: the message key, the IV and the associated data.</summary>
/// <remarks>c2sp.org/FLOE, startEncryption and startDecryption. Owns the 48-byte message key; reading is thread-safe, so that
/// several <see cref="FloeSegmentCipher"/> share one state.</remarks>
internal sealed class FloeState : IDisposable
{
    private const int MessageKeySize = 48;

    private readonly SecretBytes _messageKey = new(MessageKeySize);
    private readonly byte[] _associatedData;
    private readonly byte[] _header = new byte[FloeParameters.HeaderSize];

    private FloeState(
        ReadOnlySpan<byte> key, FloeParameters parameters, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData)
    {
        Parameters = parameters;
        _associatedData = associatedData.ToArray();
        parameters.Encode(_header.AsSpan(0, FloeParameters.EncodedSize));
        iv.CopyTo(_header.AsSpan(FloeParameters.EncodedSize));
        Derive(key, HeaderTagPurpose, _header.AsSpan(FloeParameters.HeaderSize - FloeParameters.HeaderTagSize));
        using SecretScope messageKey = _messageKey.Use();
        Derive(key, MessageKeyPurpose, messageKey.Span);
    }

    public FloeParameters Parameters { get; }

    /// <summary>74 bytes: parameters, IV, header tag.</summary>
    public ReadOnlySpan<byte> Header => _header;

    /// <summary>32 bytes that commit to the key, the parameters, the IV and the associated data.</summary>
    public ReadOnlySpan<byte> HeaderTag => _header.AsSpan(FloeParameters.HeaderSize - FloeParameters.HeaderTagSize);

    /// <summary>48 secret bytes; shown for the vectors alone.</summary>
    internal SecretBytes MessageKey => _messageKey;

    private static ReadOnlySpan<byte> HeaderTagPurpose => "HEADER_TAG:"u8;

    private static ReadOnlySpan<byte> MessageKeyPurpose => "MESSAGE_KEY:"u8;

    private static ReadOnlySpan<byte> SegmentKeyPurpose => "DEK:"u8;

    private ReadOnlySpan<byte> Prefix => _header.AsSpan(0, FloeParameters.EncodedSize + FloeParameters.IvSize);

    /// <summary>startEncryption, with a random IV.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="parameters">The segment length.</param>
    /// <param name="associatedData">Any length.</param>
    public static FloeState Start(ReadOnlySpan<byte> key, FloeParameters parameters, ReadOnlySpan<byte> associatedData)
    {
        Span<byte> iv = stackalloc byte[FloeParameters.IvSize];
        Randomness.Fill(iv);
        return Start(key, parameters, iv, associatedData);
    }

    /// <summary>startEncryption with a given IV: for the vectors, and to carry on where sealing was interrupted.</summary>
    public static FloeState Start(
        ReadOnlySpan<byte> key, FloeParameters parameters, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> associatedData)
    {
        Argument.HasLength(key, AesGcm256.KeySize);
        Argument.HasLength(iv, FloeParameters.IvSize);
        return new FloeState(key, parameters, iv, associatedData);
    }

    /// <summary>startDecryption: derives everything anew and compares the header with it.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="parameters">The expected parameters; the header's are not believed.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <param name="header">Input from outside.</param>
    /// <exception cref="E2EException">Not 74 bytes (<see cref="E2EError.Truncated"/>), other parameters
    /// (<see cref="E2EError.InvalidEncoding"/>), or the header tag is another one: another key, associated data or IV
    /// (<see cref="E2EError.WrongCommitment"/>).</exception>
    public static FloeState Resume(
        ReadOnlySpan<byte> key, FloeParameters parameters, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> header)
    {
        if (header.Length != FloeParameters.HeaderSize)
        {
            throw new E2EException(E2EError.Truncated, "The header is incomplete.");
        }

        Span<byte> expected = stackalloc byte[FloeParameters.EncodedSize];
        parameters.Encode(expected);
        if (!PublicBytes.Equal(expected, header[..FloeParameters.EncodedSize]))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The header has other parameters.");
        }

        FloeState state = Start(
            key, parameters, header.Slice(FloeParameters.EncodedSize, FloeParameters.IvSize), associatedData);
        if (!ConstantTime.AreEqual(state.HeaderTag, header[^FloeParameters.HeaderTagSize..]))
        {
            state.Dispose();
            throw new E2EException(E2EError.WrongCommitment);
        }

        return state;
    }

    /// <summary>DERIVE_KEY: the AES key of the segment at a position, shared by 2^20 neighbours.</summary>
    /// <param name="position">Counts from 0.</param>
    /// <param name="key">32 bytes; the caller zeroes them.</param>
    public void DeriveSegmentKey(long position, Span<byte> key)
    {
        Argument.HasLength(key, AesGcm256.KeySize);
        Span<byte> purpose = stackalloc byte[4 + sizeof(long)];
        SegmentKeyPurpose.CopyTo(purpose);
        BinaryPrimitives.WriteInt64BigEndian(purpose[4..], position >> Parameters.RotationBits << Parameters.RotationBits);
        using SecretScope messageKey = _messageKey.Use();
        Derive(messageKey.Span, purpose, key);
    }

    public void Dispose() => _messageKey.Dispose();

    // FLOE_KDF.
    private void Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> purpose, Span<byte> output)
    {
        int length = Prefix.Length + purpose.Length + _associatedData.Length;
        Span<byte> info = length <= 512 ? stackalloc byte[length] : new byte[length];
        Prefix.CopyTo(info);
        purpose.CopyTo(info[Prefix.Length..]);
        _associatedData.CopyTo(info[(Prefix.Length + purpose.Length)..]);
        Hkdf.ExpandSha384(key, info, output);
    }
}
