using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>A set of public keys, or of other public bytes.</summary>
internal sealed class KeySet
{
    private readonly HashSet<ReadOnlyMemory<byte>> _keys = new(ByContent.Instance);

    /// <returns>False where it is in the set.</returns>
    public bool Add(ReadOnlyMemory<byte> key) => _keys.Add(key);

    public bool Contains(ReadOnlyMemory<byte> key) => _keys.Contains(key);

    private sealed class ByContent : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public static readonly ByContent Instance = new();

        public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => PublicBytes.Equal(x.Span, y.Span);

        // A public key of a post-quantum scheme has more than a thousand bytes; its first 32 tell keys apart.
        public int GetHashCode(ReadOnlyMemory<byte> obj) => PublicBytes.Hash(obj.Span[..Math.Min(32, obj.Length)]);
    }
}
