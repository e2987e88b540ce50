namespace PulseMeet.E2E.Primitives;

/// <summary>The use of a secret: the only way to its bytes, and it holds their owner until it ends.</summary>
/// <remarks>Always <c>using SecretScope key = secret.Use();</c>, ended once: the architecture tests refuse every other form, and
/// every span of a secret that leaves the method that reads it.</remarks>
internal readonly ref struct SecretScope(SecretBytes owner, Span<byte> bytes) : IDisposable
{
    private readonly SecretBytes _owner = owner;

    /// <summary>Not to be used, nor kept, once the scope has ended.</summary>
    public Span<byte> Span { get; } = bytes;

    public void Dispose() => _owner.EndUse();
}
