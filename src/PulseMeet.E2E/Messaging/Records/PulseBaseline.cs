namespace PulseMeet.E2E.Messaging;

/// <summary>Where this device's own messages in a pulse chat stood when another device came in: what was said up to there is not for it, not by
/// asking either.</summary>
/// <param name="StreamId">The stream in which this device numbered then.</param>
/// <param name="Number">The last number that it had given there.</param>
internal readonly record struct PulseBaseline(MessageId StreamId, ulong Number)
{
    /// <summary>Whether a message was said after that.</summary>
    /// <param name="streamId">The message's stream.</param>
    /// <param name="number">The message's number.</param>
    /// <param name="current">The stream in which this device numbers now. A store that was put back begins another one: the numbers of one say
    /// nothing about another, and only the current one is known to have begun later.</param>
    public bool Allows(MessageId streamId, ulong number, MessageId current) =>
        streamId == StreamId ? number > Number : streamId == current;
}
