namespace PulseMeet.E2E.Diagnostics;

/// <summary>The names under which the library measures itself: what an app gives to its OpenTelemetry set-up.</summary>
/// <remarks>No tag, name or value holds a user id, a device id, a key, a digest or content. Durations are in seconds, as OpenTelemetry
/// has them. What is measured: docs/guides/monitoring.md.</remarks>
public static class E2EDiagnostics
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "PulseMeet.E2E";

    /// <summary>The name of the activity source.</summary>
    public const string ActivitySourceName = "PulseMeet.E2E";
}
