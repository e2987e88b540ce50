using System.Security.Claims;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>How the relay takes its callers, and how often. Checked when the services are registered.</summary>
public sealed class E2ERelayOptions
{
    /// <summary>The claim of the app's own authentication that is the user's id: 1 to 64 bytes in UTF-8.
    /// <see cref="ClaimTypes.NameIdentifier"/>.</summary>
    public string UserClaim { get; set; } = ClaimTypes.NameIdentifier;

    /// <summary>The claim that is the device's id: 1 to 64 bytes in UTF-8. <c>device_id</c>.</summary>
    public string DeviceClaim { get; set; } = "device_id";

    /// <summary>The most calls of one user in a minute, from 1; as many at once. 1,200.</summary>
    public int CallsPerMinute { get; set; } = 1200;

    /// <summary>The most claims of one user in a minute, from 1; as many at once: each costs a pair of every device claimed. 120.</summary>
    public int ClaimsPerMinute { get; set; } = 120;

    /// <summary>The most calls of one user that wait at the same time, from 1. 32.</summary>
    public int WaitingCalls { get; set; } = 32;

    /// <summary>How often what is past its age is deleted, from a second. An hour.</summary>
    public TimeSpan CleanUpInterval { get; set; } = TimeSpan.FromHours(1);

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(UserClaim);
        ArgumentException.ThrowIfNullOrEmpty(DeviceClaim);
        ArgumentOutOfRangeException.ThrowIfLessThan(CallsPerMinute, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ClaimsPerMinute, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(WaitingCalls, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CleanUpInterval, TimeSpan.FromSeconds(1));
    }
}
