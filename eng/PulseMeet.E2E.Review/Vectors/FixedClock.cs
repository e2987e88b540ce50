namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A clock that stands at a vector's time.</summary>
internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
