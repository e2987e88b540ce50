using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A signal of a contact's device, such as that somebody is typing. It waits nowhere and comes at most once.</summary>
/// <param name="sender">The device.</param>
/// <param name="signal">What it says.</param>
public sealed class SignalReceived(DeviceAddress sender, Signal signal) : E2EEvent
{
    /// <summary>The device.</summary>
    public DeviceAddress Sender { get; } = sender;

    /// <summary>What it says.</summary>
    public Signal Signal { get; } = signal;
}
