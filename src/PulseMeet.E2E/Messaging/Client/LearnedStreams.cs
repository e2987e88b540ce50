namespace PulseMeet.E2E.Messaging;

/// <summary>How many streams of a user this device has begun to keep in a day by words alone, which no app sees: a hostile one names another
/// stream with each.</summary>
/// <remarks>Thread-safe. Kept in memory. What is not noted now is named again: a device tells how far a stream has counted for as long as
/// something of it is kept for the other.</remarks>
internal sealed class LearnedStreams
{
    /// <summary>The most streams of a user in <see cref="Window"/>.</summary>
    public const int MaxPerUser = 64;

    public static readonly TimeSpan Window = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset From, int Count)> _learned = new(StringComparer.Ordinal);

    /// <summary>Whether one more may be kept. One may; it is counted.</summary>
    public bool TryLearn(string userId, DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (string old in _learned.Where(user => IsOver(user.Value.From, now)).Select(user => user.Key).ToArray())
            {
                _learned.Remove(old);
            }

            (DateTimeOffset from, int count) = _learned.GetValueOrDefault(userId, (now, 0));
            if (count >= MaxPerUser)
            {
                return false;
            }

            _learned[userId] = (from, count + 1);
            return true;
        }
    }

    private static bool IsOver(DateTimeOffset from, DateTimeOffset now) => now - from >= Window || from > now;
}
