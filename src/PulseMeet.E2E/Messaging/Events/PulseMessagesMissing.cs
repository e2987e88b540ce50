using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Messages of a device in a pulse chat are missing.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="sender">The device that wrote them.</param>
/// <param name="count">How many.</param>
/// <param name="isLost">Whether they will not come any more. Otherwise the device is asked for them.</param>
public sealed class PulseMessagesMissing(PulseId pulseId, DeviceAddress sender, ulong count, bool isLost) : PulseEvent(pulseId)
{
    /// <summary>The device that wrote them.</summary>
    public DeviceAddress Sender { get; } = sender;

    /// <summary>How many.</summary>
    public ulong Count { get; } = count;

    /// <summary>Whether they will not come any more.</summary>
    public bool IsLost { get; } = isLost;
}
