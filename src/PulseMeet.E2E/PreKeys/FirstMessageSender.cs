using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>Whose first message it is, for counting.</summary>
/// <param name="Account">The beginning of the hash of the account key: who wants another's would have to find 64 bits of it.</param>
/// <param name="IsKnown">Whether the app has the account's key pinned.</param>
internal readonly record struct FirstMessageSender(ulong Account, bool IsKnown)
{
    public static FirstMessageSender Of(ReadOnlySpan<byte> accountKey, bool isKnown)
    {
        Span<byte> hash = stackalloc byte[Sha256.Size];
        Sha256.Hash(accountKey, hash);
        return new(BinaryPrimitives.ReadUInt64BigEndian(hash), isKnown);
    }
}
