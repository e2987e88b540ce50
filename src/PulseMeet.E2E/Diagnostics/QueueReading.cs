namespace PulseMeet.E2E.Diagnostics;

/// <summary>What a client last saw of one of its queues.</summary>
/// <param name="Name">outbox or inbox.</param>
/// <param name="Length">How much waits.</param>
/// <param name="Since">Since when its oldest item has been seen waiting.</param>
/// <param name="Time">The client's clock.</param>
internal sealed record QueueReading(string Name, int Length, DateTimeOffset Since, TimeProvider Time)
{
    /// <summary>How long the oldest item has waited by now; zero where nothing does.</summary>
    public TimeSpan Age => Length > 0 && Time.GetUtcNow() is var now && now > Since ? now - Since : TimeSpan.Zero;
}
