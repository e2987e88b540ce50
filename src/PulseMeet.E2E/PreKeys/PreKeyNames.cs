using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The ids of the responder's prekeys that a first message was made with.</summary>
/// <param name="SignedPairId">The signed pair.</param>
/// <param name="OneTimePairId">The one-time pair, or null where the signed pair's ML-KEM key served.</param>
internal readonly record struct PreKeyNames(uint SignedPairId, uint? OneTimePairId)
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxSize = 4 + 1 + 4;

    public void Write(ref SpanWriter writer)
    {
        writer.WriteUInt32(SignedPairId);
        writer.WriteBoolean(OneTimePairId.HasValue);
        if (OneTimePairId is { } id)
        {
            writer.WriteUInt32(id);
        }
    }

    public static PreKeyNames Read(ref SpanReader reader)
    {
        uint signedPairId = reader.ReadUInt32();
        return new(signedPairId, reader.ReadBoolean() ? reader.ReadUInt32() : null);
    }
}
