using System.Diagnostics.Metrics;

namespace PulseMeet.E2E.Diagnostics;

/// <summary>Listens to the library's meter and says what operators should be told of. One for a process.</summary>
/// <remarks>Looks at the current window and the one before. Thread-safe.</remarks>
public sealed class HealthMonitor : IDisposable
{
    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly HealthOptions _options;
    private readonly TimeProvider _time;
    private HealthWindow _current = new();
    private HealthWindow _previous = new();
    private DateTimeOffset _currentBegan;
    private long? _preKeysLeft;
    private long? _plaintextKeys;
    private DateTimeOffset? _certificateEnds;
    private bool? _isRelayReachable;

    /// <param name="options">The thresholds.</param>
    /// <param name="time">The clock of the windows and of certificates.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public HealthMonitor(HealthOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _options = options;
        _time = time;
        _currentBegan = time.GetUtcNow();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == E2EDiagnostics.MeterName && Telemetry.IsJudged(instrument.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => AddDerivation(seconds));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        _listener.Start();
    }

    /// <summary>What operators should be told of now; empty where all is well.</summary>
    /// <param name="facts">What the app knows beside the meter.</param>
    public IReadOnlyList<HealthAlert> Assess(HealthFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        HealthAlert[] raised;
        lock (_lock)
        {
            // Of clients that have ended, nothing is said.
            (_preKeysLeft, _certificateEnds, _isRelayReachable) = (null, null, null);
            _listener.RecordObservableInstruments();
            Turn();
            raised = [.. Measured(), .. Known(facts, _time.GetUtcNow())];
        }

        Telemetry.HealthAssessed(raised);
        return raised;
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    private IEnumerable<HealthAlert> Measured()
    {
        if (HealthWindow.MeanDerivation(_current, _previous) > _options.MeanDerivationLimit.TotalSeconds)
        {
            yield return HealthAlert.SlowDerivation;
        }

        if (_current.OpeningFailures >= _options.OpeningFailureMinimum
            && _current.OpeningFailures > _options.OpeningFailureRise * _previous.OpeningFailures)
        {
            yield return HealthAlert.OpeningFailuresRising;
        }

        if (_preKeysLeft < _options.PreKeyMinimum)
        {
            yield return HealthAlert.PreKeysRunningOut;
        }
    }

    private IEnumerable<HealthAlert> Known(HealthFacts facts, DateTimeOffset now)
    {
        if (facts.CertificateEnds - now <= _options.CertificateWarning || _certificateEnds - now <= _options.CertificateWarning)
        {
            yield return HealthAlert.CertificateEnding;
        }

        if (facts.PlaintextKeys > 0 || _plaintextKeys > 0)
        {
            yield return HealthAlert.PlaintextKeys;
        }

        long tried = facts.MigrationTried + _current.MigrationTried + _previous.MigrationTried;
        if (facts.MigrationFailed + _current.MigrationFailed + _previous.MigrationFailed > _options.MigrationFailureShare * tried)
        {
            yield return HealthAlert.MigrationFailures;
        }

        if (facts.IsStoreRolledBack == true || _current.Rollbacks + _previous.Rollbacks > 0)
        {
            yield return HealthAlert.StoreRolledBack;
        }

        if (facts.IsRelayReachable == false || _isRelayReachable == false)
        {
            yield return HealthAlert.RelayUnreachable;
        }
    }

    private void AddDerivation(double seconds)
    {
        lock (_lock)
        {
            Turn();
            _current.AddDerivation(seconds);
        }
    }

    /// <summary>Of the opened messages, and of what was migrated, only a refusal has an error; opened ones have no other tag.</summary>
    private void Count(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument == Telemetry.OpenedName && tags.IsEmpty)
        {
            return;
        }

        lock (_lock)
        {
            Turn();
            switch (instrument)
            {
                case Telemetry.PreKeysName:
                    _preKeysLeft = value;
                    break;
                case Telemetry.PlaintextName:
                    _plaintextKeys = value;
                    break;
                case Telemetry.CertificateName:
                    _certificateEnds = _time.GetUtcNow().AddSeconds(value);
                    break;
                case Telemetry.RelayName:
                    _isRelayReachable = value != 0;
                    break;
                case Telemetry.RollbackName:
                    _current.Rollbacks += value;
                    break;
                case Telemetry.MigrationName:
                    _current.MigrationTried += value;
                    _current.MigrationFailed += Telemetry.IsFailure(tags) ? value : 0;
                    break;
                default:
                    _current.OpeningFailures += value;
                    break;
            }
        }
    }

    /// <summary>Begins a new window where the current one's time is over. A clock that was set back begins one too.</summary>
    private void Turn()
    {
        TimeSpan age = _time.GetUtcNow() - _currentBegan;
        if (age >= TimeSpan.Zero && age < _options.Window)
        {
            return;
        }

        _previous = age < 2 * _options.Window ? _current : new HealthWindow();
        _current = new HealthWindow();
        _currentBegan = _time.GetUtcNow();
    }
}
