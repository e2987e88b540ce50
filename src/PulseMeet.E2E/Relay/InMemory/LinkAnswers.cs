namespace PulseMeet.E2E.Relay;

/// <summary>The answers to linking requests in <see cref="InMemoryRelay"/>: under the user and the request, for a quarter of
/// an hour, the first one.</summary>
internal sealed class LinkAnswers
{
    private readonly Dictionary<(string UserId, BytesKey RequestId), (byte[] Answer, DateTimeOffset At)> _answers = [];
    private readonly Dictionary<(string UserId, BytesKey RequestId), List<TaskCompletionSource>> _waiting = [];

    public void Put(string userId, BytesKey requestId, byte[] answer, DateTimeOffset now)
    {
        Expire(now);
        if (_answers.TryAdd((userId, requestId), (answer, now)) && _waiting.Remove((userId, requestId), out var waiters))
        {
            waiters.ForEach(waiter => waiter.TrySetResult());
        }
    }

    public byte[]? Find(string userId, BytesKey requestId, DateTimeOffset now)
    {
        Expire(now);
        return _answers.TryGetValue((userId, requestId), out (byte[] Answer, DateTimeOffset At) found) ? found.Answer : null;
    }

    public TaskCompletionSource Wait(string userId, BytesKey requestId)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.TryGetValue((userId, requestId), out List<TaskCompletionSource>? waiters))
        {
            _waiting[(userId, requestId)] = waiters = [];
        }

        waiters.Add(waiter);
        return waiter;
    }

    public void StopWaiting(string userId, BytesKey requestId, TaskCompletionSource waiter)
    {
        if (_waiting.TryGetValue((userId, requestId), out List<TaskCompletionSource>? waiters)
            && waiters.Remove(waiter) && waiters.Count == 0)
        {
            _waiting.Remove((userId, requestId));
        }
    }

    public void Expire(DateTimeOffset now)
    {
        foreach (var key in _answers.Where(entry => now - entry.Value.At >= RelayLimits.LinkAnswerAge).Select(entry => entry.Key).ToArray())
        {
            _answers.Remove(key);
        }
    }
}
