using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Tests.Diagnostics;

/// <summary>Everything that the library emits while this listens: measurements and activities, with every tag.</summary>
internal sealed class EmittedTelemetry : IDisposable
{
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;

    public EmittedTelemetry()
    {
        Telemetry.ForgetClients();
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == E2EDiagnostics.MeterName)
            {
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == E2EDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => Activities.Add(activity),
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public ConcurrentBag<Instrument> Instruments { get; } = [];

    public ConcurrentBag<(string Instrument, double Value, KeyValuePair<string, object?>[] Tags)> Measurements { get; } = [];

    public ConcurrentBag<Activity> Activities { get; } = [];

    /// <summary>Reads what is measured when it is asked for, as a scrape does.</summary>
    public void Observe() => _meters.RecordObservableInstruments();

    /// <summary>What an instrument says when it is asked for: the one value, or nothing.</summary>
    /// <param name="instrument">Its name.</param>
    /// <param name="tag">The value of its one tag; null where it has none.</param>
    public double? Now(string instrument, string? tag = null)
    {
        Measurements.Clear();
        Observe();
        (string, double Value, KeyValuePair<string, object?>[])[] said =
            [.. Measurements.Where(one => one.Instrument == instrument && Equals(one.Tags.SingleOrDefault().Value, tag))];
        return said.Length == 0 ? null : Assert.Single(said).Value;
    }

    /// <summary>The sum of an instrument's measurements that have, or have not, an error.</summary>
    public double Sum(string instrument, string? error = null) => Measurements
        .Where(one => one.Instrument == instrument && Equals(one.Tags.SingleOrDefault(tag => tag.Key == "error.type").Value, error))
        .Sum(one => one.Value);

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        Measurements.Add((instrument.Name, value, tags.ToArray()));
}
