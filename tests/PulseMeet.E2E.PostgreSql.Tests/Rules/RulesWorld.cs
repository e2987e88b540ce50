using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.RelayRules;

/// <summary>A relay on a store of its own with a clock that the test moves, and accounts whose devices it knows.</summary>
public sealed class RulesWorld(IE2ERelayServer relay, ManualClock clock, Func<ValueTask> dispose) : IAsyncDisposable
{
    private readonly Dictionary<string, Ed25519KeyPair> _accounts = [];
    private readonly Dictionary<DeviceAddress, DeviceIdentity> _devices = [];
    private readonly Dictionary<string, DeviceList> _lists = [];

    public IE2ERelayServer Relay => relay;

    public ManualClock Clock => clock;

    public IE2ERelay this[string user, string device = "phone"] => relay.Connect(new(user, device));

    /// <summary>Publishes the list of these devices, the caller being the first of them unless said otherwise.</summary>
    public async Task<byte[]> ListAsync(string user, string[] devices, string? by = null)
    {
        foreach (string device in devices)
        {
            if (!_devices.ContainsKey(new(user, device)))
            {
                _devices[new(user, device)] = DeviceIdentity.Create(Account(user), new(user, device), clock);
            }
        }

        DeviceList list = DeviceList.Sign(
            Account(user), devices.Select(device => _devices[new(user, device)].Certificate), _lists.GetValueOrDefault(user), clock);
        await this[user, by ?? devices[0]].PublishDeviceListAsync(list.Encode());
        _lists[user] = list;
        return list.Encode();
    }

    public DevicePreKeys PreKeys(string user, string device = "phone", int pairs = 3) =>
        DevicePreKeys.Create(_devices[new(user, device)], new PreKeyOptions { OneTimePairs = pairs }, clock);

    /// <summary>The account gets another key; its devices come back under their names with new ones.</summary>
    public void Reset(string user)
    {
        _accounts.Remove(user);
        foreach (DeviceAddress address in _devices.Keys.Where(address => address.UserId == user).ToArray())
        {
            _devices.Remove(address);
        }
    }

    /// <summary>The device comes back with other keys.</summary>
    public void Reinstall(string user, string device) =>
        _devices[new(user, device)] = DeviceIdentity.Create(Account(user), new(user, device), clock);

    public ValueTask DisposeAsync() => dispose();

    private Ed25519KeyPair Account(string user)
    {
        if (!_accounts.TryGetValue(user, out Ed25519KeyPair? account))
        {
            _accounts[user] = account = Ed25519KeyPair.Generate();
        }

        return account;
    }
}
