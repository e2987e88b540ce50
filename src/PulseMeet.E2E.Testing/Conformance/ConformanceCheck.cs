namespace PulseMeet.E2E.Testing;

/// <summary>One rule of a contract, as something to run: it ends, or throws <see cref="ConformanceException"/>.</summary>
/// <typeparam name="T">What is looked at.</typeparam>
public sealed class ConformanceCheck<T>
{
    private readonly Func<T, CancellationToken, Task> _run;

    internal ConformanceCheck(string name, Func<T, CancellationToken, Task> run)
    {
        Name = name;
        _run = run;
    }

    /// <summary>The rule, in a sentence.</summary>
    public string Name { get; }

    /// <summary>Looks whether the rule is kept.</summary>
    /// <param name="subject">A fresh one, or one that other checks have used: no check minds another's traces.</param>
    /// <param name="cancellationToken">Stops the check; one that waits for what never comes ends in no other way.</param>
    /// <exception cref="ConformanceException">The rule is not kept.</exception>
    public async Task RunAsync(T subject, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        try
        {
            await _run(subject, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception)
        {
            throw new ConformanceException($"{Name} Refused: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A rule of a contract is not kept.</summary>
public sealed class ConformanceException : Exception
{
    /// <param name="message">Which, and what was seen.</param>
    /// <param name="innerException">What was thrown, where something was.</param>
    public ConformanceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
