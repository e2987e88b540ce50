using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>What <see cref="InMemoryRelay"/> keeps for one listed device.</summary>
internal sealed class RelayDevice(DeviceCertificate certificate)
{
    public DeviceAddress Address => Certificate.Address;

    /// <summary>As it stands on the list.</summary>
    public DeviceCertificate Certificate { get; private set; } = certificate;

    public PublishedPreKeys PreKeys { get; private set; } = new();

    public PublishedKeyPackages KeyPackages { get; private set; } = new();

    public Mailbox Mailbox { get; } = new();

    /// <summary>The groups whose delivery lists have or had a place for it.</summary>
    public HashSet<RelayGroup> Groups { get; } = [];

    /// <summary>The highest revision of its store that was ever told.</summary>
    public long StoreRevision { get; set; }

    /// <summary>A newer list names it: under other keys it is another device of the same name, and only the mailbox stays.</summary>
    public void Take(DeviceCertificate certificate)
    {
        if (!Certificate.IsSameDevice(certificate))
        {
            PreKeys = new();
            KeyPackages = new();
            StoreRevision = 0;
        }

        Certificate = certificate;
    }

    /// <summary>A newer list leaves it out.</summary>
    public void Leave()
    {
        foreach (RelayGroup group in Groups)
        {
            group.Forget(Address);
        }

        Groups.Clear();
        Mailbox.Wake();
    }
}
