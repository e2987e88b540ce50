namespace PulseMeet.E2E.Messaging;

/// <summary>One session with a device, as the book knows it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Generation">What its initiator gave it: above all that it knew of.</param>
/// <param name="BegunAt">When it began here.</param>
internal sealed record SessionEntry(SessionId Id, ulong Generation, DateTimeOffset BegunAt)
{
    /// <summary>When a message was last received on it, or else when it began.</summary>
    public DateTimeOffset LastUsedAt { get; init; } = BegunAt;

    /// <summary>The order that both devices come to by themselves: the higher generation, of two alike the smaller id.</summary>
    public bool IsAbove(SessionEntry other) =>
        Generation != other.Generation ? Generation > other.Generation : Id.CompareTo(other.Id) < 0;
}
