using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E;

/// <summary>What an app may choose about a client. Read when the client is made, and not afterwards.</summary>
public sealed class E2EClientOptions
{
    /// <summary>The user and the device; has to be set.</summary>
    public DeviceAddress? Device { get; set; }

    /// <summary>Whether sending stops when a contact's account key changes. By default where the contact was verified.</summary>
    public KeyChangePolicy KeyChangePolicy { get; set; } = KeyChangePolicy.StopWhereVerified;

    /// <summary>How many prekeys the device keeps and for how long.</summary>
    public PreKeyOptions PreKeys { get; private set; } = new();

    /// <summary>Padding and renewal of sessions.</summary>
    public RatchetOptions Ratchet { get; private set; } = new();

    /// <summary>The age at which a user's device list is asked for again before something is sealed: an hour by default, zero for
    /// every time, a day at most.</summary>
    public TimeSpan DeviceListAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a gap in a sender's numbers may stand before it is told and asked for: a minute by default, an hour at
    /// most.</summary>
    public TimeSpan GapDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether the client calls the relay by itself as soon as something waits to be sent. Where it does not, the app calls
    /// <see cref="E2EClient.SynchronizeAsync"/>, or carries the envelopes itself (<see cref="E2EClient.GetOutboxAsync"/>).</summary>
    public bool SendsByItself { get; set; } = true;

    /// <summary>Whether another process that holds the store loses it to this one: for a notification extension and the app that
    /// takes over from it.</summary>
    public bool TakesStoreOver { get; set; }

    /// <summary>What a client keeps: whoever changes these options afterwards, for another client, does not change that one.</summary>
    internal E2EClientOptions Copy()
    {
        var copy = (E2EClientOptions)MemberwiseClone();
        copy.PreKeys = PreKeys.Copy();
        copy.Ratchet = Ratchet.Copy();
        return copy;
    }

    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    internal void Validate()
    {
        if (Device is null)
        {
            throw new ArgumentException("The device is not set.", nameof(Device));
        }

        PreKeys.Validate();
        Ratchet.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(DeviceListAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DeviceListAge, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(GapDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(GapDelay, TimeSpan.FromHours(1));
        if (!Enum.IsDefined(KeyChangePolicy))
        {
            throw new ArgumentException("An unknown policy.", nameof(KeyChangePolicy));
        }
    }
}
