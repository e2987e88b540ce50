using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>A relay in this process's memory: for tests, samples and trying. It keeps every rule of docs/protocol-relay.md;
/// durable is what it has answered for until the process ends.</summary>
/// <remarks>Thread-safe: one lock, held for no I/O and no verification of a signature.</remarks>
public sealed class InMemoryRelay : IE2ERelayServer
{
    private readonly RelayState _state;

    /// <param name="time">The clock for ages, waiting and certificates.</param>
    public InMemoryRelay(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _state = new(time);
    }

    /// <inheritdoc/>
    public IE2ERelay Connect(DeviceAddress caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return new InMemoryRelayView(_state, caller);
    }

    /// <inheritdoc/>
    public Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _state.CleanUp(cancellationToken);
        return Task.CompletedTask;
    }
}
