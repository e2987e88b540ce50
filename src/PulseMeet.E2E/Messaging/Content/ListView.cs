using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Which device list somebody went by: what lets an older one, shown to one contact only, be noticed.</summary>
/// <param name="Number">The list's number.</param>
/// <param name="Hash">SHA-256 of the encoded list: 32 bytes.</param>
internal sealed record ListView(long Number, byte[] Hash)
{
    /// <summary>Length of the encoding, in bytes.</summary>
    public const int Size = 8 + Sha256.Size;

    public void Write(ref SpanWriter writer)
    {
        writer.WriteInt64(Number);
        writer.WriteBytes(Hash);
    }

    public static ListView Read(ref SpanReader reader) => new(reader.ReadInt64(), reader.ReadBytes(Sha256.Size).ToArray());

    public bool Equals(ListView? other) =>
        other is not null && Number == other.Number && PublicBytes.Equal(Hash, other.Hash);

    public override int GetHashCode() => HashCode.Combine(Number, PublicBytes.Hash(Hash));
}
