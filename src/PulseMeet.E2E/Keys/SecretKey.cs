using System.Diagnostics;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>A key that only its holder may see. Owns pinned memory, zeroes it on dispose, never prints.</summary>
/// <remarks>Each kind of key is a type of its own, so that a media key cannot be passed where a conversation key belongs.
/// Reading is thread-safe; a key that is disposed while another thread reads it is zeroed when that read has ended.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
public abstract class SecretKey : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly SecretBytes _bytes;

    private protected SecretKey(SecretBytes bytes) => _bytes = bytes;

    /// <summary>Length of the key, in bytes.</summary>
    public int Size => _bytes.Length;

    /// <summary>The only way to the bytes: <c>using SecretScope bytes = key.Use();</c>, which holds the key while they are read.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    internal SecretScope Use() => _bytes.Use();

    /// <summary>Copies the secret out, for a store of the app's own. The caller zeroes the copy.</summary>
    /// <param name="destination">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException">The length is another one.</exception>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public void Export(Span<byte> destination)
    {
        Argument.HasLength(destination, Size);
        _bytes.CopyTo(destination);
    }

    /// <summary>Whether both hold the same bytes and are of the same kind, in a time that does not depend on the bytes.</summary>
    /// <param name="other">The key to compare with.</param>
    public bool FixedTimeEquals(SecretKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return GetType() == other.GetType() && _bytes.FixedTimeEquals(other._bytes);
    }

    /// <summary>The bytes in memory of their own, for another owner.</summary>
    internal SecretBytes CopyBytes()
    {
        using SecretScope bytes = Use();
        return SecretBytes.CopyOf(bytes.Span);
    }

    internal void Write(ref SpanWriter writer)
    {
        using SecretScope bytes = Use();
        writer.WriteBytes(bytes.Span);
    }

    /// <summary>The kind and the length, never the key.</summary>
    public sealed override string ToString() => $"{GetType().Name} ({Size} bytes)";

    /// <summary>Zeroes the key.</summary>
    public void Dispose()
    {
        _bytes.Dispose();
        DisposeDerived();
        GC.SuppressFinalize(this);
    }

    /// <summary>Zeroes what a kind of key keeps beside its bytes.</summary>
    private protected virtual void DisposeDerived()
    {
    }
}
