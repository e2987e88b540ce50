using System.Buffers.Binary;

namespace PulseMeet.E2E.Media;

/// <summary>FLOE's parameters: AES-256-GCM, HKDF-Expand-SHA-384 and a 32-byte IV are fixed, the segment length is chosen.</summary>
/// <remarks>c2sp.org/FLOE, "Parameters". Immutable and thread-safe.</remarks>
internal sealed record FloeParameters
{
    /// <summary>Length of the encoded parameters, in bytes.</summary>
    public const int EncodedSize = 10;

    /// <summary>FLOE_IV_LEN, in bytes.</summary>
    public const int IvSize = 32;

    /// <summary>Length of the header tag, in bytes: it commits to key, IV, parameters and associated data.</summary>
    public const int HeaderTagSize = 32;

    /// <summary>Length of the header, in bytes.</summary>
    public const int HeaderSize = EncodedSize + IvSize + HeaderTagSize;

    /// <summary>What a segment is longer than its plaintext, in bytes: length field, nonce and tag.</summary>
    public const int SegmentOverhead = 4 + 12 + 16;

    /// <summary>AEAD_ROTATION_MASK: 2^20 segments are sealed under one key.</summary>
    public const int StandardRotationBits = 20;

    /// <summary>AEAD_MAX_SEGMENTS.</summary>
    public const long MaxSegments = 1L << 40;

    private const byte AesGcm256Id = 0;
    private const byte HkdfExpandSha384Id = 0;

    /// <param name="segmentLength">ENC_SEG_LEN: length of a sealed segment, in bytes; over 32.</param>
    /// <param name="rotationBits">Only the specification's known answers use another than 20.</param>
    public FloeParameters(int segmentLength, int rotationBits = StandardRotationBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(segmentLength, SegmentOverhead);
        SegmentLength = segmentLength;
        RotationBits = rotationBits;
    }

    /// <summary>Length of a sealed segment that is not the last, in bytes.</summary>
    public int SegmentLength { get; }

    /// <summary>2 to this many segments share one AES key.</summary>
    public int RotationBits { get; }

    /// <summary>Length of the plaintext of a segment that is not the last, in bytes.</summary>
    public int PlaintextLength => SegmentLength - SegmentOverhead;

    /// <summary>PARAM_ENCODE.</summary>
    public void Encode(Span<byte> encoded)
    {
        Argument.HasLength(encoded, EncodedSize);
        encoded[0] = AesGcm256Id;
        encoded[1] = HkdfExpandSha384Id;
        BinaryPrimitives.WriteInt32BigEndian(encoded[2..], SegmentLength);
        BinaryPrimitives.WriteInt32BigEndian(encoded[6..], IvSize);
    }
}
