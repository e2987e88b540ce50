using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>This device is out of a pulse chat: removed, or because its account has left.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="hasLeft">Whether its account had asked to leave.</param>
/// <param name="unsent">Messages of this device that were not sent any more.</param>
public sealed class PulseClosed(PulseId pulseId, DeviceAddress by, bool hasLeft, IReadOnlyList<MessageId> unsent) : PulseEvent(pulseId)
{
    /// <summary>The device that committed it.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>Whether its account had asked to leave.</summary>
    public bool HasLeft { get; } = hasLeft;

    /// <summary>Messages of this device that were not sent any more.</summary>
    public IReadOnlyList<MessageId> Unsent { get; } = unsent;
}
