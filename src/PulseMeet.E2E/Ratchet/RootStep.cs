using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>What one step of the root key gives, in the memory of the method that makes the step, and zeroed with it.</summary>
/// <remarks>Double Ratchet, section 4.2: the three outputs of KDF_RK_HE.</remarks>
/// <param name="memory">96 bytes: <c>using var step = new RootStep(stackalloc byte[RootStep.Size]);</c>.</param>
internal readonly ref struct RootStep(Span<byte> memory) : IDisposable
{
    /// <summary>Length of all three, in bytes.</summary>
    public const int Size = 96;

    private readonly StackSecret _all = new(memory);

    /// <summary>For <see cref="Ratchet.RootKey.Step"/> to write.</summary>
    public Span<byte> All => _all.Span;

    public ReadOnlySpan<byte> RootKey => _all.Span[..32];

    public ReadOnlySpan<byte> ChainKey => _all.Span[32..64];

    public ReadOnlySpan<byte> NextHeaderKey => _all.Span[64..];

    public void Dispose() => _all.Dispose();
}
