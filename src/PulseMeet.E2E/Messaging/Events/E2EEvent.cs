namespace PulseMeet.E2E;

/// <summary>Something that the app is told: a message, or a change that somebody should know of.</summary>
/// <remarks>An event waits in the device's store until the app comes back for the next one; it is handed over at least once under
/// one <see cref="Sequence"/>, and never again after that. Immutable and thread-safe. A later version may add kinds.</remarks>
public abstract class E2EEvent
{
    private protected E2EEvent()
    {
    }

    /// <summary>Names the event on this device: the same however often it is handed over, and rising. 0 for a signal, which waits
    /// nowhere.</summary>
    public long Sequence { get; internal init; }
}
