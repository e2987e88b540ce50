namespace PulseMeet.E2E.Relay;

/// <summary>The calls of a relay that are waiting now, by what they wait for. Thread-safe.</summary>
/// <typeparam name="TTopic">What somebody may wait for.</typeparam>
internal sealed class Waiters<TTopic>
    where TTopic : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TTopic, List<Waiter<TTopic>>> _byTopic = [];

    /// <summary>Waits from now on: what comes before the next look is not missed.</summary>
    public Waiter<TTopic> Add(TTopic topic)
    {
        var waiter = new Waiter<TTopic>(this, topic);
        lock (_lock)
        {
            if (!_byTopic.TryGetValue(topic, out List<Waiter<TTopic>>? waiters))
            {
                _byTopic[topic] = waiters = [];
            }

            waiters.Add(waiter);
        }

        return waiter;
    }

    public void Wake(TTopic topic) => Each(topic, waiter => waiter.Wake(null));

    public void Signal(TTopic topic, MailboxItem signal) => Each(topic, waiter => waiter.Wake(signal));

    public void WakeAll()
    {
        Waiter<TTopic>[] all;
        lock (_lock)
        {
            all = [.. _byTopic.Values.SelectMany(waiters => waiters)];
        }

        Array.ForEach(all, waiter => waiter.Wake(null));
    }

    public void Remove(Waiter<TTopic> waiter)
    {
        lock (_lock)
        {
            if (_byTopic.TryGetValue(waiter.Topic, out List<Waiter<TTopic>>? waiters) && waiters.Remove(waiter) && waiters.Count == 0)
            {
                _byTopic.Remove(waiter.Topic);
            }
        }
    }

    private void Each(TTopic topic, Action<Waiter<TTopic>> action)
    {
        Waiter<TTopic>[] found;
        lock (_lock)
        {
            found = _byTopic.TryGetValue(topic, out List<Waiter<TTopic>>? waiters) ? [.. waiters] : [];
        }

        Array.ForEach(found, action);
    }
}
