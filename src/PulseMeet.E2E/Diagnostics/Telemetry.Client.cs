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

    private static readonly Gauge<long> s_relay = TheMeter.Instance.CreateGauge<long>(
        RelayName, "{relay}", "Whether the relay answered the last call to it: 1 or 0.");

    private static readonly Gauge<long> s_certificate = TheMeter.Instance.CreateGauge<long>(
        CertificateName, "s", "How long the device's certificate is valid still.");

    private static readonly Gauge<long> s_queueLength = TheMeter.Instance.CreateGauge<long>(
        "pulsemeet.e2e.queue.length", "{item}", "What waits in the outbox and in the inbox.");

    private static readonly Gauge<double> s_queueAge = TheMeter.Instance.CreateGauge<double>(
        "pulsemeet.e2e.queue.age", "s", "How long the oldest item of a queue has been seen waiting.");

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

    public static void RelayAnswered() => s_relay.Record(1);

    /// <summary>A refusal is an answer.</summary>
    public static void RelayFailed(E2EError reason) => s_relay.Record(reason == E2EError.RelayUnavailable ? 0 : 1);

    public static void CertificateLeft(TimeSpan left) => s_certificate.Record((long)left.TotalSeconds);

    public static void QueueSeen(string queue, int length, TimeSpan age)
    {
        var tag = new KeyValuePair<string, object?>("pulsemeet.e2e.queue", queue);
        s_queueLength.Record(length, tag);
        s_queueAge.Record(age.TotalSeconds, tag);
    }

    /// <summary>The activity of one repair; null where nobody listens.</summary>
    public static Activity? RepairBegins() => s_activities.StartActivity("repair");

    public static void Failed(Activity? activity, E2EError reason)
    {
        activity?.SetStatus(ActivityStatusCode.Error);
        activity?.SetTag(ErrorType, reason.ToString());
    }
}
