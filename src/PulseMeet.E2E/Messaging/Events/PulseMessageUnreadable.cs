using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Something came for a pulse chat that could not be read: forged, damaged, of another line, too late, or of the future.
/// The messages behind it are read all the same.</summary>
/// <param name="pulseId">The chat, as the relay says.</param>
/// <param name="claimedSender">Who sent it, as the relay says: nothing proves it.</param>
/// <param name="reason">What was wrong with it.</param>
public sealed class PulseMessageUnreadable(PulseId pulseId, DeviceAddress claimedSender, E2EError reason) : PulseEvent(pulseId)
{
    /// <summary>Who sent it, as the relay says.</summary>
    public DeviceAddress ClaimedSender { get; } = claimedSender;

    /// <summary>What was wrong with it.</summary>
    public E2EError Reason { get; } = reason;
}
