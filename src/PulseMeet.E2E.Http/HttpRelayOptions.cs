namespace PulseMeet.E2E.Http;

/// <summary>How a relay is called over HTTP. Checked when a client is made; read at every call.</summary>
public sealed class HttpRelayOptions
{
    /// <summary>The token of the app's own authentication, sent as <c>Authorization: Bearer</c>; asked for before every attempt,
    /// so that it may be renewed. None is sent where this is null, or gives null.</summary>
    public Func<CancellationToken, ValueTask<string?>>? AccessToken { get; set; }

    /// <summary>How long one attempt may take, from 1 second; a call that waits for something has that time besides. 30
    /// seconds.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call is attempted, where repeating it is safe: 1 to 10. 4.</summary>
    public int MaxAttempts { get; set; } = 4;

    /// <summary>The pause before the second attempt; each later one is twice as long, and between half and all of that. 250
    /// milliseconds.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause, also where the server asks for a longer one. 20 seconds.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(20);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptTimeout, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AttemptTimeout, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxAttempts, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstPause, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestPause, FirstPause);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LongestPause, TimeSpan.FromHours(1));
    }
}
