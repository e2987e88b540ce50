using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Who was in a group before a commit.</summary>
internal sealed class PulseGroupBefore
{
    private readonly Dictionary<string, byte[]> _accounts;

    private PulseGroupBefore(Dictionary<string, byte[]> accounts, Roster roster)
    {
        _accounts = accounts;
        Roster = roster;
        Devices = new HashSet<DeviceAddress>(roster.Devices.Select(device => device.Leaf.Address));
    }

    public Roster Roster { get; }

    public IReadOnlySet<DeviceAddress> Devices { get; }

    public static PulseGroupBefore Of(PulseGroup group) => new(
        group.Roster.Accounts.ToDictionary(account => account.UserId, account => account.AccountKey, StringComparer.Ordinal),
        group.Roster);

    /// <summary>Whether an account was there under the same key.</summary>
    public bool IsSame(RosterAccount account) =>
        _accounts.TryGetValue(account.UserId, out byte[]? key) && PublicBytes.Equal(key, account.AccountKey);
}
