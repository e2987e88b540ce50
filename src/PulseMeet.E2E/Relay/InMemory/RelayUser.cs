using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>A user of <see cref="InMemoryRelay"/>: the newest device list, and what is kept for each device on it.</summary>
internal sealed class RelayUser
{
    public DeviceList? List { get; private set; }

    /// <summary>The known devices by id.</summary>
    public Dictionary<string, RelayDevice> Devices { get; } = [];

    public byte[]? RecoveryCopy { get; set; }

    /// <summary>Takes a verified list: docs/protocol-relay.md, "Directory".</summary>
    /// <exception cref="E2EException">A newer one is there (<see cref="E2EError.OutdatedDeviceList"/>), or a list under an
    /// account key of its own does not name the caller (<see cref="E2EError.NotAllowed"/>).</exception>
    public void Take(DeviceList list, DeviceAddress caller)
    {
        if (List is not null && List.Equals(list))
        {
            return;
        }

        if (List?.Number >= list.Number)
        {
            throw new E2EException(E2EError.OutdatedDeviceList);
        }

        if (List?.AccountKey != list.AccountKey && list.Find(caller.DeviceId) is null)
        {
            throw new E2EException(E2EError.NotAllowed, "A list that begins an account names another device than the caller.");
        }

        foreach (RelayDevice device in Devices.Values.Where(device => list.Find(device.Address.DeviceId) is null).ToArray())
        {
            Devices.Remove(device.Address.DeviceId);
            device.Leave();
        }

        foreach (DeviceCertificate certificate in list.Devices)
        {
            if (Devices.TryGetValue(certificate.Address.DeviceId, out RelayDevice? device))
            {
                device.Take(certificate);
            }
            else
            {
                Devices[certificate.Address.DeviceId] = new(certificate);
            }
        }

        List = list;
    }
}
