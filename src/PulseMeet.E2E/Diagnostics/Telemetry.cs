using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>The one meter and the one activity source. Every room emits through here, so that every tag is seen in one file.</summary>
/// <remarks>Tags have values out of a few fixed ones: never an id, a key, a digest or content. A refusal has <c>error.type</c>, as
/// OpenTelemetry names it, with the reason; a success has none. Where nobody listens, a call costs a read of a flag; of gauges,
/// the last value of each client is kept.</remarks>
internal static partial class Telemetry
{
    public const string DerivationName = "pulsemeet.e2e.derivation.duration";
    public const string OpenedName = "pulsemeet.e2e.messages.opened";
    public const string PreKeysName = "pulsemeet.e2e.prekeys.left";

    private const string ErrorType = "error.type";

    private static readonly ActivitySource s_activities = new(E2EDiagnostics.ActivitySourceName);

    private static readonly Histogram<double> s_derivation = TheMeter.Instance.CreateHistogram(
        DerivationName,
        "s",
        "How long deriving keys takes.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.000_01, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1],
        });

    private static readonly Counter<long> s_handshakes = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.handshakes", "{handshake}", "Handshakes, by role and result.");

    private static readonly Counter<long> s_sealed = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.messages.sealed", "{message}", "Messages sealed, by result.");

    private static readonly Counter<long> s_opened = TheMeter.Instance.CreateCounter<long>(
        OpenedName, "{message}", "Messages opened, by result.");

    private static readonly Counter<long> s_skipped = TheMeter.Instance.CreateCounter<long>(
        "pulsemeet.e2e.ratchet.skipped_keys", "{key}", "Keys kept for messages that have not arrived.");

    private static readonly Gauge<long> s_alerts = TheMeter.Instance.CreateGauge<long>(
        "pulsemeet.e2e.health.alert", "{alert}", "Whether the alert was raised when health was last assessed: 1 or 0.");

    private static readonly (HealthAlert Alert, KeyValuePair<string, object?> Tag)[] s_alertTags =
        [.. Enum.GetValues<HealthAlert>().Select(alert => (alert, new KeyValuePair<string, object?>("pulsemeet.e2e.alert", alert.ToString())))];

    private static readonly KeyValuePair<string, object?> s_initiator = new("pulsemeet.e2e.handshake.role", "initiator");

    private static readonly KeyValuePair<string, object?> s_responder = new("pulsemeet.e2e.handshake.role", "responder");

    /// <summary>Whether <see cref="HealthMonitor"/> looks at an instrument.</summary>
    public static bool IsJudged(string instrument) => instrument is DerivationName or OpenedName or PreKeysName or MigrationName or PlaintextName
        or RollbackName or RelayName or CertificateName;

    /// <summary>When a derivation began; 0 where nobody listens.</summary>
    public static long DerivationBegins() => s_derivation.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <param name="begun">What <see cref="DerivationBegins"/> gave.</param>
    /// <param name="kind">What was derived: one of a few constants.</param>
    public static void DerivationEnds(long begun, string kind)
    {
        if (begun != 0)
        {
            s_derivation.Record(
                Stopwatch.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("pulsemeet.e2e.derivation.kind", kind));
        }
    }

    /// <summary>The activity of one side of a handshake; null where nobody listens.</summary>
    public static Activity? HandshakeBegins(bool isInitiator)
    {
        Activity? activity = s_activities.StartActivity(isInitiator ? "handshake initiate" : "handshake accept");
        activity?.SetTag(s_initiator.Key, (isInitiator ? s_initiator : s_responder).Value);
        return activity;
    }

    public static void HandshakeSucceeded(bool isInitiator) => s_handshakes.Add(1, isInitiator ? s_initiator : s_responder);

    /// <summary>For an exception filter, which it never lets in: what failed is counted where it is thrown through.</summary>
    public static bool HandshakeFailed(Activity? activity, bool isInitiator, E2EError reason)
    {
        if (activity is null && !s_handshakes.Enabled)
        {
            return false;
        }

        string error = reason.ToString();
        activity?.SetStatus(ActivityStatusCode.Error);
        activity?.SetTag(ErrorType, error);
        s_handshakes.Add(1, isInitiator ? s_initiator : s_responder, new KeyValuePair<string, object?>(ErrorType, error));
        return false;
    }

    public static void MessageSealed() => s_sealed.Add(1);

    /// <summary>As <see cref="HandshakeFailed"/>, for an exception filter.</summary>
    public static bool SealingFailed(E2EError reason) => Failed(s_sealed, reason);

    public static void MessageOpened() => s_opened.Add(1);

    /// <summary>As <see cref="HandshakeFailed"/>, for an exception filter.</summary>
    public static bool OpeningFailed(E2EError reason) => Failed(s_opened, reason);

    public static void KeysSkipped(uint count)
    {
        if (count > 0)
        {
            s_skipped.Add(count);
        }
    }

    public static void HealthAssessed(IReadOnlyCollection<HealthAlert> raised)
    {
        if (!s_alerts.Enabled)
        {
            return;
        }

        foreach ((HealthAlert alert, KeyValuePair<string, object?> tag) in s_alertTags)
        {
            s_alerts.Record(raised.Contains(alert) ? 1 : 0, tag);
        }
    }

    private static bool Failed(Counter<long> counter, E2EError reason)
    {
        if (counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>(ErrorType, reason.ToString()));
        }

        return false;
    }

    /// <summary>A type of its own, so that it is there before the instruments of every part of this class.</summary>
    private static class TheMeter
    {
        public static readonly Meter Instance = new(E2EDiagnostics.MeterName);
    }
}
