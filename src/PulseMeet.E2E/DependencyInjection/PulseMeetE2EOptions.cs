using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E;

/// <summary>Everything that an app may choose, in one place. Checked when the services are registered.</summary>
public sealed class PulseMeetE2EOptions
{
    /// <summary>Salt and rotation of derived keys.</summary>
    public KeyDerivationOptions KeyDerivation { get; } = new();

    /// <summary>How many derived conversation keys are kept in memory and for how long, and when they rotate.</summary>
    public ConversationKeyCacheOptions ConversationKeys { get; } = new();

    /// <summary>The user and the device of the client; null where the app uses none.</summary>
    public DeviceAddress? Device
    {
        get => Client.Device;
        set => Client.Device = value;
    }

    /// <summary>What an app may choose about the client.</summary>
    public E2EClientOptions Client { get; } = new();

    /// <summary>How many prekeys a device keeps and for how long.</summary>
    public PreKeyOptions PreKeys => Client.PreKeys;

    /// <summary>Padding and renewal of sessions.</summary>
    public RatchetOptions Ratchet => Client.Ratchet;

    /// <summary>Padding of single sealed messages.</summary>
    public MessageSealingOptions Sealing { get; } = new();

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        KeyDerivation.Validate();
        ConversationKeys.Validate();
        PreKeys.Validate();
        Ratchet.Validate();
        Sealing.Validate();
        if (Device is not null)
        {
            Client.Validate();
        }
    }
}
