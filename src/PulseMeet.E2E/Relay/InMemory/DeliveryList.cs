using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>Who gets what is sent in a group: docs/protocol-relay.md, "Groups".</summary>
internal sealed class DeliveryList
{
    private readonly Dictionary<DeviceAddress, Place> _places = [];
    private readonly HashSet<string> _users = [];

    /// <summary>Whether the device is or was on the list.</summary>
    public bool IsOrWasOn(DeviceAddress device) => _places.ContainsKey(device);

    /// <summary>Whether a device of the user is or was on the list.</summary>
    public bool IsOrWasOn(string userId) => _users.Contains(userId);

    /// <summary>Whether the device gets what is sent in an epoch, and may send in it.</summary>
    public bool Gets(DeviceAddress device, ulong epoch) => _places.TryGetValue(device, out Place? place) && place.Gets(epoch);

    public IEnumerable<DeviceAddress> Getting(ulong epoch) =>
        _places.Where(entry => entry.Value.Gets(epoch)).Select(entry => entry.Key);

    /// <summary>How many would be on the list with these too.</summary>
    public int CountWith(IEnumerable<DeviceAddress> more)
    {
        HashSet<DeviceAddress> on = [.. _places.Where(entry => entry.Value is { IsOn: true, RemovedIn: null }).Select(entry => entry.Key)];
        on.UnionWith(more);
        return on.Count;
    }

    public void Join(DeviceAddress device)
    {
        _places[device] = new Place { IsOn = true };
        _users.Add(device.UserId);
    }

    /// <summary>Gets nothing of later epochs.</summary>
    public void Remove(DeviceAddress device, ulong epoch)
    {
        if (_places.TryGetValue(device, out Place? place) && place.Gets(epoch))
        {
            place.RemovedIn = epoch;
        }
    }

    /// <summary>Takes a device off, or puts it on again if it was ever on.</summary>
    public void Subscribe(DeviceAddress device, bool isSubscribed)
    {
        if (_places.TryGetValue(device, out Place? place))
        {
            place.RemovedIn = isSubscribed ? null : place.RemovedIn;
            place.IsOn = isSubscribed;
        }
    }

    /// <summary>As if it had never been on.</summary>
    public void Forget(DeviceAddress device) => _places.Remove(device);

    private sealed class Place
    {
        public bool IsOn { get; set; }

        public ulong? RemovedIn { get; set; }

        public bool Gets(ulong epoch) => IsOn && (RemovedIn is null || epoch <= RemovedIn);
    }
}
