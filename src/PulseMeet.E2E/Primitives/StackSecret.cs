namespace PulseMeet.E2E.Primitives;

/// <summary>A secret in the memory of one method, zeroed when the method ends, however it ends.</summary>
/// <remarks>Always <c>using var key = new StackSecret(stackalloc byte[32]);</c>. What lives longer than a method is a
/// <see cref="SecretBytes"/>.</remarks>
internal readonly ref struct StackSecret(Span<byte> bytes) : IDisposable
{
    /// <summary>Not to be used once the scope has ended.</summary>
    public Span<byte> Span { get; } = bytes;

    public void Dispose() => SecretMemory.Zero(Span);
}
