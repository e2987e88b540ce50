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
}
