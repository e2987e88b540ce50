using System.Diagnostics;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>Bytes that nobody else may see: pinned, so that the collector leaves no copies behind, and zeroed on dispose.</summary>
/// <remarks>Not thread-safe against its own disposal. A secret that nobody disposed is zeroed by the finalizer.</remarks>
[DebuggerDisplay("{ToString(),nq}")]
internal sealed class SecretBytes : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;

    private bool _disposed;

    /// <summary>A secret of <paramref name="length"/> zero bytes, to be written by its owner.</summary>
    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    ~SecretBytes() => CryptographicOperations.ZeroMemory(_bytes);

    public int Length => _bytes.Length;

    /// <exception cref="ObjectDisposedException">The secret was disposed.</exception>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    public static SecretBytes CopyOf(ReadOnlySpan<byte> value)
    {
        var secret = new SecretBytes(value.Length);
        value.CopyTo(secret._bytes);
        return secret;
    }

    public static SecretBytes Random(int length)
    {
        var secret = new SecretBytes(length);
        Randomness.Fill(secret._bytes);
        return secret;
    }

    public bool FixedTimeEquals(SecretBytes other) => ConstantTime.AreEqual(Span, other.Span);

    /// <summary>The length, never the bytes.</summary>
    public override string ToString() => $"SecretBytes ({_bytes.Length} bytes)";

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _disposed = true;
        GC.SuppressFinalize(this);
    }
}
