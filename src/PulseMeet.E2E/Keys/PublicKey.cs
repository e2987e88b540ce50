using System.Diagnostics;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>A public key: a value with equality, base64 and hexadecimal forms. Immutable and thread-safe.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public abstract class PublicKey : IEquatable<PublicKey>
{
    private readonly byte[] _bytes;

    private protected PublicKey(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>Length of the key, in bytes.</summary>
    public int Size => _bytes.Length;

    /// <summary>The key's bytes, in their one canonical encoding.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>A copy of the key's bytes.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>Base64 with padding (RFC 4648, section 4).</summary>
    public string ToBase64() => Convert.ToBase64String(_bytes);

    /// <summary>Lower-case hexadecimal.</summary>
    public string ToHex() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) =>
        other is not null && GetType() == other.GetType() && PublicBytes.Equal(_bytes, other._bytes);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public sealed override int GetHashCode() => PublicBytes.Hash(_bytes);

    /// <summary>The base64 form.</summary>
    public sealed override string ToString() => ToBase64();

    /// <summary>Whether both are of the same kind and have the same bytes.</summary>
    /// <param name="left">A key or null.</param>
    /// <param name="right">A key or null.</param>
    public static bool operator ==(PublicKey? left, PublicKey? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether the kinds or the bytes differ.</summary>
    /// <param name="left">A key or null.</param>
    /// <param name="right">A key or null.</param>
    public static bool operator !=(PublicKey? left, PublicKey? right) => !(left == right);
}
