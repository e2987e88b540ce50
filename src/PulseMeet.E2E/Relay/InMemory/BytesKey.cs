using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Relay;

/// <summary>An id of bytes as a key of a dictionary: compared by its bytes, which are copied.</summary>
internal readonly struct BytesKey(ReadOnlyMemory<byte> bytes) : IEquatable<BytesKey>
{
    private readonly byte[] _bytes = bytes.ToArray();

    public ReadOnlyMemory<byte> Bytes => _bytes;

    public bool Equals(BytesKey other) => PublicBytes.Equal(_bytes, other._bytes);

    public override bool Equals(object? obj) => obj is BytesKey other && Equals(other);

    public override int GetHashCode() => PublicBytes.Hash(_bytes);
}
