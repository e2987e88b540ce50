namespace PulseMeet.E2E.Primitives;

/// <summary>The one switch over backends: <c>PULSEMEET_E2E_BACKEND=managed</c> in the environment leaves libcrypto out.</summary>
/// <remarks>Read once, when a process first computes. benchmarks/README.md, "Backends", says what is chosen where.</remarks>
internal static class Backends
{
    public const string Variable = "PULSEMEET_E2E_BACKEND";

    /// <summary>Whether libcrypto is called directly where it is there. Set by benchmarks alone, which compare both in one process.</summary>
    public static bool UsesLibcrypto { get; set; } =
        !string.Equals(Environment.GetEnvironmentVariable(Variable), "managed", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a backend is as it has to be in every respect, and gives its known answers without failing. Asked in this order, up
    /// to the first that is not so.</summary>
    public static bool Passes(params ReadOnlySpan<Func<bool>> checks)
    {
        try
        {
            foreach (Func<bool> holds in checks)
            {
                if (!holds())
                {
                    return false;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is System.Security.Cryptography.CryptographicException
            or EntryPointNotFoundException or DllNotFoundException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
