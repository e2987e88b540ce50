using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>The members of a pulse chat are on two lines: the relay, or a member, shows them different changes. Found by comparing
/// inside the sessions between devices, which the relay cannot change.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="with">The device that is on another line.</param>
/// <param name="epoch">The first epoch that differs, as far as both remember.</param>
public sealed class PulseForkSuspected(PulseId pulseId, DeviceAddress with, ulong epoch) : PulseEvent(pulseId)
{
    /// <summary>The device that is on another line.</summary>
    public DeviceAddress With { get; } = with;

    /// <summary>The first epoch that differs, as far as both remember.</summary>
    public ulong Epoch { get; } = epoch;
}
