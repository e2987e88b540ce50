namespace PulseMeet.E2E;

/// <summary>This device cannot follow a pulse chat any more, and could not come back by itself. It tries again every hour; until then
/// somebody who may remove members can bring it back (<see cref="PulseChat.BringBackAsync"/>).</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="reason">Why it could not come back.</param>
public sealed class PulseStalled(PulseId pulseId, E2EError reason) : PulseEvent(pulseId)
{
    /// <summary>Why it could not come back.</summary>
    public E2EError Reason { get; } = reason;
}
