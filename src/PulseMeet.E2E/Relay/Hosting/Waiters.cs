namespace PulseMeet.E2E.Relay;

/// <summary>The calls of a relay that are waiting now, by what they wait for. Thread-safe.</summary>
internal sealed class Waiters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Topic, List<Waiter>> _byTopic = [];

    /// <summary>Waits from now on: what comes before the next look is not missed.</summary>
    public Waiter Add(Topic topic)
    {
        var waiter = new Waiter(this, topic);
        lock (_lock)
        {
            if (!_byTopic.TryGetValue(topic, out List<Waiter>? waiters))
            {
                _byTopic[topic] = waiters = [];
            }

            waiters.Add(waiter);
        }

        return waiter;
    }

    public void Wake(Topic topic) => Each(topic, waiter => waiter.Wake(null));

    public void Signal(Topic topic, MailboxItem signal) => Each(topic, waiter => waiter.Wake(signal));

    public void WakeAll()
    {
        Waiter[] all;
        lock (_lock)
        {
            all = [.. _byTopic.Values.SelectMany(waiters => waiters)];
        }

        Array.ForEach(all, waiter => waiter.Wake(null));
    }

    public void Remove(Waiter waiter)
    {
        lock (_lock)
        {
            if (_byTopic.TryGetValue(waiter.Topic, out List<Waiter>? waiters) && waiters.Remove(waiter) && waiters.Count == 0)
            {
                _byTopic.Remove(waiter.Topic);
            }
        }
    }

    private void Each(Topic topic, Action<Waiter> action)
    {
        Waiter[] found;
        lock (_lock)
        {
            found = _byTopic.TryGetValue(topic, out List<Waiter>? waiters) ? [.. waiters] : [];
        }

        Array.ForEach(found, action);
    }
}
