using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>An account of the tests, with its devices and the list that it signed last.</summary>
internal sealed class Account
{
    private readonly List<Phone> _devices = [];

    public Account(string userId, params string[] devices)
    {
        UserId = userId;
        foreach (string device in devices)
        {
            _devices.Add(new Phone(this, device));
        }

        List = DeviceList.Sign(Key, _devices.Select(device => device.Identity.Certificate), null, Clock);
    }

    public string UserId { get; }

    public Clock Clock { get; } = new();

    public Ed25519KeyPair Key { get; private set; } = Ed25519KeyPair.Generate();

    public DeviceList List { get; private set; }

    public IReadOnlyList<Phone> Devices => _devices;

    public Phone this[string device] => _devices.Single(phone => phone.Name == device);

    /// <summary>Signs the next list, with the devices as they are now.</summary>
    public DeviceList Sign()
    {
        List = DeviceList.Sign(Key, _devices.Select(device => device.Identity.Certificate), List, Clock);
        foreach (Phone device in _devices)
        {
            device.Renew();
        }

        return List;
    }

    public Phone AddDevice(string name)
    {
        var phone = new Phone(this, name);
        _devices.Add(phone);
        Sign();
        return phone;
    }

    /// <summary>A device on no list.</summary>
    public Phone Unlisted(string name) => new(this, name);

    public Phone RemoveDevice(string name)
    {
        Phone gone = this[name];
        _devices.Remove(gone);
        Sign();
        return gone;
    }

    /// <summary>The account under another key, with new devices of the same names.</summary>
    public void Reset()
    {
        Key = Ed25519KeyPair.Generate();
        Phone[] anew = [.. _devices.Select(device => new Phone(this, device.Name))];
        _devices.Clear();
        _devices.AddRange(anew);
        Sign();
    }
}
