namespace PulseMeet.E2E.Hosting;

/// <summary>A configuration that the app must not start with. Names the variable and the reason, and never a value.</summary>
public sealed class ConfigurationException : Exception
{
    /// <param name="variable">The name that is wrong.</param>
    /// <param name="reason">Why, in words.</param>
    public ConfigurationException(string variable, string reason)
        : base($"{variable}: {reason}") => Variable = variable;

    /// <summary>The name that is wrong.</summary>
    public string Variable { get; }
}
