namespace PulseMeet.E2E.Identity;

/// <summary>The bounds and periods of certificates and device lists. docs/protocol.md, "Times".</summary>
public static class IdentityLimits
{
    /// <summary>The most devices of an account.</summary>
    public const int MaxDevices = 64;

    /// <summary>How far two honest clocks may be apart: 5 minutes. What is from further ahead than that is refused.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>The age at which an account signs its device list anew: 7 days.</summary>
    public static readonly TimeSpan DeviceListRenewal = TimeSpan.FromDays(7);

    /// <summary>The age from which a contact's device list is worth an event: 30 days.</summary>
    public static readonly TimeSpan DeviceListStaleness = TimeSpan.FromDays(30);

    /// <summary>For how long after its expiry the certificate in a first message is taken: 30 days, for messages on their way.</summary>
    public static readonly TimeSpan ExpiryGrace = TimeSpan.FromDays(30);

    /// <summary>How long a certificate is valid unless the caller says otherwise: 3,650 days. What ends a device's rights early is
    /// the device list.</summary>
    public static readonly TimeSpan CertificateValidity = TimeSpan.FromDays(3650);

    /// <summary>How long before its end a certificate is due for renewal, at most: 365 days. A third of the validity where that is
    /// shorter.</summary>
    public static readonly TimeSpan CertificateRenewal = TimeSpan.FromDays(365);
}
