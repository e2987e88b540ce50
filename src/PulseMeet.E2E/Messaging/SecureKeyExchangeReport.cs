namespace PulseMeet.E2E;

/// <summary>What <see cref="SecureKeyExchangeVerifier"/> has found. Immutable and thread-safe.</summary>
public sealed class SecureKeyExchangeReport
{
    internal SecureKeyExchangeReport(IReadOnlyList<SecureKeyExchangeCheck> checks, TimeSpan elapsed)
    {
        Checks = checks;
        Elapsed = elapsed;
    }

    /// <summary>Every check, in the order in which it was made: the primitives with the backends that they run on first.</summary>
    public IReadOnlyList<SecureKeyExchangeCheck> Checks { get; }

    /// <summary>What it took, the relay's time apart.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Whether everything is as it has to be.</summary>
    public bool IsRight => Failures.Count == 0;

    /// <summary>What is not.</summary>
    public IReadOnlyList<SecureKeyExchangeCheck> Failures => [.. Checks.Where(check => !check.IsRight)];
}
