using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The ids of the responder's prekeys that a first message was made with.</summary>
/// <param name="SignedPreKeyId">The signed prekey.</param>
/// <param name="KemPreKeyId">The post-quantum prekey.</param>
/// <param name="IsLastResort">Whether the post-quantum prekey is the last-resort one; the two kinds count apart.</param>
/// <param name="OneTimePreKeyId">The one-time prekey, or null.</param>
internal readonly record struct PreKeyNames(
    uint SignedPreKeyId, uint KemPreKeyId, bool IsLastResort, uint? OneTimePreKeyId)
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxSize = 4 + 4 + 1 + 1 + 4;

    public void Write(ref SpanWriter writer)
    {
        writer.WriteUInt32(SignedPreKeyId);
        writer.WriteUInt32(KemPreKeyId);
        writer.WriteBoolean(IsLastResort);
        writer.WriteBoolean(OneTimePreKeyId.HasValue);
        if (OneTimePreKeyId is { } id)
        {
            writer.WriteUInt32(id);
        }
    }

    public static PreKeyNames Read(ref SpanReader reader)
    {
        uint signedPreKeyId = reader.ReadUInt32();
        uint kemPreKeyId = reader.ReadUInt32();
        bool isLastResort = reader.ReadBoolean();
        return new(signedPreKeyId, kemPreKeyId, isLastResort, reader.ReadBoolean() ? reader.ReadUInt32() : null);
    }
}
