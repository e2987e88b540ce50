using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>Zeroes memory that held a secret. The one place that does, so that one hook shows every test what was zeroed and when.</summary>
/// <remarks>A test refuses every other use of <see cref="CryptographicOperations.ZeroMemory"/> in the rooms of the keys.</remarks>
internal static class SecretMemory
{
    [ThreadStatic]
    private static Observer? s_observer;

    /// <summary>Sees bytes that are about to be zeroed.</summary>
    public delegate void Observer(ReadOnlySpan<byte> bytes);

    public static void Zero(Span<byte> bytes)
    {
        s_observer?.Invoke(bytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>For tests alone: lets an observer see what this thread zeroes, or nobody with null.</summary>
    internal static void Observe(Observer? observer) => s_observer = observer;
}
