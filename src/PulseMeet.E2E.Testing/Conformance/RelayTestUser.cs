using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Testing;

/// <summary>A user of a check: an account key, its devices, and the newest list.</summary>
internal sealed class RelayTestUser(RelayWorld world, string userId)
{
    private readonly Dictionary<string, RelayTestDevice> _devices = [];

    public RelayWorld World { get; } = world;

    public string UserId { get; } = userId;

    public Ed25519KeyPair Account { get; private set; } = Ed25519KeyPair.Generate();

    public DeviceList? List { get; private set; }

    public RelayTestDevice this[string deviceId]
    {
        get
        {
            if (!_devices.TryGetValue(deviceId, out RelayTestDevice? device))
            {
                _devices[deviceId] = device = new(this, deviceId);
            }

            return device;
        }
    }

    /// <summary>Signs the next list with these devices; nobody has published it yet.</summary>
    public DeviceList Sign(params string[] deviceIds) => List = SignAside(deviceIds);

    /// <summary>Signs a list that is not the next one's predecessor.</summary>
    public DeviceList SignAside(params string[] deviceIds) =>
        DeviceList.Sign(Account, deviceIds.Select(id => this[id].Identity.Certificate), List, World.Clock);

    /// <summary>The first of these devices publishes the next list, which names them.</summary>
    public Task ListAsync(params string[] deviceIds) =>
        this[deviceIds[0]].Relay.PublishDeviceListAsync(Sign(deviceIds).Encode(), World.CancellationToken);

    /// <summary>A device is installed anew: other keys under its name.</summary>
    public RelayTestDevice Reinstall(string deviceId) => _devices[deviceId] = new(this, deviceId);

    /// <summary>Everything was lost: another account key, devices that are all new.</summary>
    public void Reset()
    {
        Account = Ed25519KeyPair.Generate();
        _devices.Clear();
    }
}
