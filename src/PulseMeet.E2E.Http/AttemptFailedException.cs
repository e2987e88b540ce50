namespace PulseMeet.E2E.Http;

/// <summary>One attempt of a call has failed; never leaves <see cref="RelayTransport"/>.</summary>
internal sealed class AttemptFailedException(string detail, Exception? innerException = null) : Exception(detail, innerException)
{
    /// <summary>What the server refused for; that there was no answer of the documented form, where it did not say.</summary>
    public E2EError Reason { get; init; } = E2EError.RelayUnavailable;

    /// <summary>Whether another attempt may meet something else.</summary>
    public bool IsPassing { get; init; }

    /// <summary>Whether it is certain that the server has not carried it out.</summary>
    public bool IsNotDone { get; init; }

    /// <summary>How long the server asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public bool MayRepeat(Repeatable repeatable) => IsPassing && repeatable switch
    {
        Repeatable.Always => true,
        Repeatable.WhereNotDone => IsNotDone,
        _ => false,
    };

    public E2EException Refusal() => InnerException is null ? new(Reason, Message) : new(Reason, Message, InnerException);
}
