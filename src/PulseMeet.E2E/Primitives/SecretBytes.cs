using System.Diagnostics;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>Bytes that nobody else may see: pinned, so that the collector leaves no copies behind, and zeroed on dispose.</summary>
/// <remarks>
/// There is no way to the bytes but a <see cref="SecretScope"/>, which holds their owner: a bare span keeps the array alive and
/// not the owner, so that the finalizer of an owner that nobody uses any more would zero the bytes under their reader. A secret
/// that is disposed while it is in use is zeroed when the last use has ended. Thread-safe, but for writing the bytes while
/// another thread reads them. A secret that nobody disposed is zeroed by the finalizer.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
internal sealed class SecretBytes : IDisposable
{
    /// <summary>The sign bit of <see cref="_state"/>; the other bits count the scopes that have not ended.</summary>
    private const int Disposed = int.MinValue;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;

    private int _state;

    /// <summary>A secret of <paramref name="length"/> zero bytes, to be written by its owner.</summary>
    public SecretBytes(int length) => _bytes = GC.AllocateArray<byte>(length, pinned: true);

    ~SecretBytes() => CryptographicOperations.ZeroMemory(_bytes);

    public int Length => _bytes.Length;

    /// <summary>Reads or writes the bytes: <c>using SecretScope key = secret.Use();</c>.</summary>
    /// <exception cref="ObjectDisposedException">The secret was disposed.</exception>
    public SecretScope Use()
    {
        if (Interlocked.Increment(ref _state) < 0)
        {
            EndUse();
            throw new ObjectDisposedException(nameof(SecretBytes));
        }

        return new SecretScope(this, _bytes);
    }

    /// <summary>For <see cref="SecretScope.Dispose"/> alone: once for each use.</summary>
    internal void EndUse()
    {
        if (Interlocked.Decrement(ref _state) == Disposed)
        {
            CryptographicOperations.ZeroMemory(_bytes);
        }

        GC.KeepAlive(this);
    }

    /// <param name="value">Copied; the caller zeroes its own.</param>
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

    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void Set(ReadOnlySpan<byte> value)
    {
        Argument.HasLength(value, Length);
        using SecretScope own = Use();
        value.CopyTo(own.Span);
    }

    /// <param name="destination">At least <see cref="Length"/> bytes, which the caller zeroes.</param>
    public void CopyTo(Span<byte> destination)
    {
        using SecretScope own = Use();
        own.Span.CopyTo(destination);
    }

    public bool FixedTimeEquals(SecretBytes other)
    {
        using SecretScope own = Use();
        using SecretScope others = other.Use();
        return ConstantTime.AreEqual(own.Span, others.Span);
    }

    /// <summary>The length, never the bytes.</summary>
    public override string ToString() => $"SecretBytes ({_bytes.Length} bytes)";

    public void Dispose()
    {
        if (Interlocked.Or(ref _state, Disposed) == 0)
        {
            CryptographicOperations.ZeroMemory(_bytes);
        }

        // A use that has not ended keeps its owner, and zeroes as it ends.
        GC.SuppressFinalize(this);
    }
}
