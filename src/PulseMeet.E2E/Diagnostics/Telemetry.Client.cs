using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>What the client emits: losses and repairs once they are durable, queues, the relay, the certificate.</summary>
internal static partial class Telemetry
{
    public const string RollbackName = "pulsemeet.e2e.store.rollbacks";
    public const string RelayName = "pulsemeet.e2e.relay.reachable";
    public const string CertificateName = "pulsemeet.e2e.certificate.left";

    private static readonly Counter<long> s_missing = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.messages.missing", "{message}", "Messages that were named to the app as missing: asked for again, or lost.");

    private static readonly Counter<long> s_recovered = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.messages.recovered", "{message}", "Messages that came after they had been named as missing.");

    private static readonly Counter<long> s_repaired = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.sessions.repaired", "{session}", "Sessions that were begun anew, by whom.");

    private static readonly Counter<long> s_rollbacks = TheMeter.Instance.CreateCounter<long>(
        RollbackName, "{rollback}", "Stores that were found put back to an earlier state.");

    private static readonly ObservableGauge<long> s_relay = TheMeter.Instance.CreateObservableGauge(
        RelayName,
        () => Worst(Live.Relays.All.Select(answered => answered ? 1L : 0)),
        "{relay}",
        "Whether the relay answered the last call of every client: 1 or 0.");

    private static readonly ObservableGauge<long> s_certificate = TheMeter.Instance.CreateObservableGauge(
        CertificateName,
        () => Worst(Live.Certificates.All.Select(certificate => (long)(certificate.Ends - certificate.Time.GetUtcNow()).TotalSeconds)),
        "s",
        "How long a device's certificate is valid still: the one that ends first.");

    private static readonly ObservableGauge<long> s_preKeys = TheMeter.Instance.CreateObservableGauge(
        PreKeysName, () => Worst(Live.PreKeys.All.Select(left => (long)left)), "{prekey}", "One-time pairs that the directory last said it has of a device: the fewest.");

    private static readonly ObservableGauge<long> s_queueLength = TheMeter.Instance.CreateObservableGauge(
        "pulsemeet.e2e.queue.length",
        () => EachQueue(seen => seen.Sum(queue => (long)queue.Length)),
        "{item}",
        "What waits in the outboxes and in the inboxes of all clients.");

    private static readonly ObservableGauge<double> s_queueAge = TheMeter.Instance.CreateObservableGauge(
        "pulsemeet.e2e.queue.age", () => EachQueue(seen => seen.Max(queue => queue.Age.TotalSeconds)), "s", "How long the oldest item of a queue has been seen waiting.");

    /// <summary>Whether looking at the queues is worth its reads.</summary>
    public static bool WatchesQueues => s_queueLength.Enabled || s_queueAge.Enabled;

    public static void MessagesMissing(ulong count, bool isLost) => s_missing.Add(
        (long)Math.Min(count, long.MaxValue), new KeyValuePair<string, object?>("pulsemeet.e2e.missing.state", isLost ? "lost" : "asked_for"));

    public static void MessagesRecovered(int count)
    {
        if (count > 0)
        {
            s_recovered.Add(count);
        }
    }

    public static void SessionsRepaired(int count, bool isByPeer)
    {
        if (count > 0)
        {
            s_repaired.Add(count, new KeyValuePair<string, object?>("pulsemeet.e2e.repair.by", isByPeer ? "peer" : "this_device"));
        }
    }

    public static void StoreRolledBack() => s_rollbacks.Add(1);

    /// <param name="relay">The client's relay.</param>
    public static void RelayAnswered(object relay) => Live.Relays.Set(relay, true);

    /// <summary>A refusal is an answer.</summary>
    /// <param name="relay">The client's relay.</param>
    /// <param name="reason">What the call ended with.</param>
    public static void RelayFailed(object relay, E2EError reason) => Live.Relays.Set(relay, reason != E2EError.RelayUnavailable);

    public static void CertificateSeen(object client, DateTimeOffset ends, TimeProvider time) => Live.Certificates.Set(client, (ends, time));

    /// <param name="preKeys">The device's.</param>
    /// <param name="left">What its directory has.</param>
    public static void PreKeysLeft(object preKeys, int left) => Live.PreKeys.Set(preKeys, left);

    public static void PreKeysEnded(object preKeys) => Live.PreKeys.End(preKeys);

    /// <param name="watch">Whoever looks.</param>
    /// <param name="seen">What waits.</param>
    public static void QueueSeen(object watch, QueueReading seen) => Live.Queues.Set(watch, seen);

    public static void QueueEnded(object watch) => Live.Queues.End(watch);

    /// <summary>The client has ended, and its relay and certificate are nobody's concern any more.</summary>
    public static void ClientEnded(object client, object relay)
    {
        Live.Relays.End(relay);
        Live.Certificates.End(client);
    }

    /// <summary>Forgets what gauges say of clients that are still there, or that nobody has ended: for tests, which share a process.</summary>
    public static void ForgetClients()
    {
        Live.Relays.Clear();
        Live.Certificates.Clear();
        Live.PreKeys.Clear();
        Live.Queues.Clear();
    }

    /// <summary>The activity of one repair; null where nobody listens.</summary>
    public static Activity? RepairBegins() => s_activities.StartActivity("repair");

    public static void Failed(Activity? activity, E2EError reason)
    {
        activity?.SetStatus(ActivityStatusCode.Error);
        activity?.SetTag(ErrorType, reason.ToString());
    }

    /// <summary>The lowest, or nothing where there is none: one bad client is not hidden by the others.</summary>
    private static IEnumerable<Measurement<long>> Worst(IEnumerable<long> values)
    {
        long[] all = [.. values];
        return all.Length == 0 ? [] : [new Measurement<long>(all.Min())];
    }

    private static IEnumerable<Measurement<T>> EachQueue<T>(Func<IEnumerable<QueueReading>, T> together)
        where T : struct => Live.Queues.All
        .GroupBy(queue => queue.Name, (name, seen) =>
            new Measurement<T>(together(seen), new KeyValuePair<string, object?>("pulsemeet.e2e.queue", name)));

    /// <summary>A type of its own, as <see cref="TheMeter"/>.</summary>
    private static class Live
    {
        public static readonly LiveValues<bool> Relays = new();
        public static readonly LiveValues<(DateTimeOffset Ends, TimeProvider Time)> Certificates = new();
        public static readonly LiveValues<int> PreKeys = new();
        public static readonly LiveValues<QueueReading> Queues = new();
    }
}
