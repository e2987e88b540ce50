namespace PulseMeet.E2E.Testing;

/// <summary>The process "died" at a write: what its code still does reaches the store no more.</summary>
public sealed class SimulatedCrashException : Exception
{
    /// <summary>The crash.</summary>
    public SimulatedCrashException()
        : base("The process has crashed in this test.")
    {
    }

    /// <param name="message">What happened.</param>
    public SimulatedCrashException(string message)
        : base(message)
    {
    }

    /// <param name="message">What happened.</param>
    /// <param name="innerException">The failure underneath.</param>
    public SimulatedCrashException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
