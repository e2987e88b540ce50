using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>A relay all of whose devices meet an <see cref="UnreliableRelay"/> in front of an honest one.</summary>
/// <remarks>Thread-safe. One seed gives one course where calls come one after the other.</remarks>
public sealed class UnreliableRelayServer : IE2ERelayServer
{
    private readonly IE2ERelayServer _inner;
    private readonly Misfortune _misfortune;

    /// <param name="inner">The relay behind it.</param>
    /// <param name="faults">What goes wrong how often.</param>
    /// <param name="seed">Which course it takes.</param>
    public UnreliableRelayServer(IE2ERelayServer inner, RelayFaults faults, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _misfortune = new(faults, seed);
    }

    /// <summary>Whether faults are over: what a test sets before it asks whether everything heals.</summary>
    public bool IsHonest
    {
        get => _misfortune.IsHonest;
        set => _misfortune.IsHonest = value;
    }

    /// <summary>How many faults there were.</summary>
    public int Faults => _misfortune.Count;

    /// <inheritdoc/>
    public IE2ERelay Connect(DeviceAddress caller) => new UnreliableRelay(_inner.Connect(caller), _misfortune);

    /// <inheritdoc/>
    public Task CleanUpAsync(CancellationToken cancellationToken = default) => _inner.CleanUpAsync(cancellationToken);
}
