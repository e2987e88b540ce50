using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Who was in a group before a commit.</summary>
internal sealed class PulseGroupBefore
{
    private readonly Dictionary<string, byte[]> _accounts;

    private PulseGroupBefore(Dictionary<string, byte[]> accounts, HashSet<DeviceAddress> devices)
    {
        _accounts = accounts;
        Devices = devices;
    }

    public IReadOnlySet<DeviceAddress> Devices { get; }

    public static PulseGroupBefore Of(PulseGroup group) => new(
        group.Roster.Accounts.ToDictionary(account => account.UserId, account => account.AccountKey, StringComparer.Ordinal),
        [.. group.Roster.Devices.Select(device => device.Leaf.Address)]);

    /// <summary>Whether an account was there under the same key.</summary>
    public bool IsSame(RosterAccount account) =>
        _accounts.TryGetValue(account.UserId, out byte[]? key) && PublicBytes.Equal(key, account.AccountKey);
}
