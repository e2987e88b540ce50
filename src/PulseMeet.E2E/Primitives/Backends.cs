namespace PulseMeet.E2E.Primitives;

/// <summary>The one switch over backends: <c>PULSEMEET_E2E_BACKEND=managed</c> in the environment leaves libcrypto out.</summary>
/// <remarks>Read once, when a process first computes. benchmarks/README.md, "Backends", says what is chosen where.</remarks>
internal static class Backends
{
    public const string Variable = "PULSEMEET_E2E_BACKEND";

    /// <summary>Whether libcrypto is called directly where it is there. Set by benchmarks alone, which compare both in one process.</summary>
    public static bool UsesLibcrypto { get; set; } =
        !string.Equals(Environment.GetEnvironmentVariable(Variable), "managed", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a backend gives a known answer, and does not fail.</summary>
    public static bool Passes(Func<bool> knownAnswer)
    {
        try
        {
            return knownAnswer();
        }
        catch (Exception exception) when (exception is System.Security.Cryptography.CryptographicException
            or EntryPointNotFoundException or DllNotFoundException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
