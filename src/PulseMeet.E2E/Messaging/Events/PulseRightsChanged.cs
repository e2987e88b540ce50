using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Others may do something in a pulse chat than before.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="rights">Who may do what now.</param>
public sealed class PulseRightsChanged(PulseId pulseId, DeviceAddress by, PulseRights rights) : PulseEvent(pulseId)
{
    /// <summary>The device that committed it.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>Who may do what now.</summary>
    public PulseRights Rights { get; } = rights;
}
