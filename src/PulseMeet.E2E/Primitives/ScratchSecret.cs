using System.Buffers;

namespace PulseMeet.E2E.Primitives;

/// <summary>A plaintext on its way, in the memory of one method where it is short and in a pool's array where it is long; zeroed, and
/// the array given back, when the method ends, however it ends.</summary>
/// <remarks>Always <c>using var padded = new ScratchSecret(stackalloc byte[1024], length);</c>.</remarks>
internal readonly ref struct ScratchSecret : IDisposable
{
    private readonly byte[]? _rented;

    /// <param name="stack">Used where it is long enough.</param>
    /// <param name="length">In bytes.</param>
    public ScratchSecret(Span<byte> stack, int length)
    {
        _rented = length > stack.Length ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span = (_rented ?? stack)[..length];
    }

    /// <summary>Not to be used once the scope has ended.</summary>
    public Span<byte> Span { get; }

    public void Dispose()
    {
        SecretMemory.Zero(Span);
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
