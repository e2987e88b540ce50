namespace PulseMeet.E2E;

/// <summary>A change of a pulse chat that this device had prepared is given up: another one came first, after which it is not allowed or
/// makes no sense any more.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="reason">Why.</param>
public sealed class PulseChangeDropped(PulseId pulseId, E2EError reason) : PulseEvent(pulseId)
{
    /// <summary>Why.</summary>
    public E2EError Reason { get; } = reason;
}
