namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A clock that follows another at a distance.</summary>
internal sealed class LaggingClock(TimeProvider clock) : TimeProvider
{
    public TimeSpan Lag { get; set; }

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() - Lag;
}
