using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Something came that could not be read: forged, damaged, of the future, or of a device that does not belong to the
/// user. The messages behind it are read all the same. With <see cref="E2EError.Expired"/>, and asked for again: its sender's clock is ahead of this
/// device's, or this one is behind; the relay keeps it, and it is read once the clocks agree, within 30 days.</summary>
/// <param name="claimedSender">Who sent it, as the relay says: nothing proves it.</param>
/// <param name="reason">What was wrong with it.</param>
/// <param name="isAskedForAgain">Whether the sender is asked to send it again, or the relay for it.</param>
public sealed class MessageUnreadable(DeviceAddress claimedSender, E2EError reason, bool isAskedForAgain) : E2EEvent
{
    /// <summary>Who sent it, as the relay says.</summary>
    public DeviceAddress ClaimedSender { get; } = claimedSender;

    /// <summary>What was wrong with it.</summary>
    public E2EError Reason { get; } = reason;

    /// <summary>Whether the sender is asked to send it again, or the relay for it.</summary>
    public bool IsAskedForAgain { get; } = isAskedForAgain;
}
