using PulseMeet.E2E;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseChatSample;

/// <summary>People with devices around one relay.</summary>
internal sealed class Crowd(TwoFaces faces) : IAsyncDisposable
{
    private readonly InMemoryRelay _relay = new(TimeProvider.System);
    private readonly List<Device> _devices = [];

    public IReadOnlyList<Device> Devices => _devices;

    public Device this[string user, string name = "phone"] => _devices.Single(device => device.Address == new DeviceAddress(user, name));

    /// <summary>Makes an account with its devices: the first one signs up, and approves the others.</summary>
    public async Task ComeAsync(string user, CancellationToken cancellationToken, params string[] names)
    {
        Device first = Add(user, names[0]);
        (await first.Chat.SignUpAsync(cancellationToken)).Dispose();
        foreach (string name in names.Skip(1))
        {
            Device next = Add(user, name);
            using LinkRequest request = await next.Chat.RequestLinkAsync(cancellationToken);
            await first.Chat.ApproveLinkAsync(request.Payload, cancellationToken);
            await next.Chat.CompleteLinkAsync(request, cancellationToken);
        }

        foreach (string name in names)
        {
            // Once by hand: its key packages are published then, and others can add it.
            await this[user, name].Chat.SynchronizeAsync(cancellationToken);
            this[user, name].Read();
        }
    }

    /// <summary>Somebody says something, and everybody who should reads it.</summary>
    public static async Task SayAsync(PulseChat pulse, string text, IEnumerable<Device> readers, CancellationToken cancellationToken)
    {
        await pulse.SendAsync(MessageContent.Text(text), cancellationToken);
        await Task.WhenAll(readers.Select(reader => reader.ReadsAsync(pulse.Id, text, cancellationToken)));
    }

    /// <summary>Goes round until nobody changes a chat any more: after a removal devices renew keys by themselves.</summary>
    public async Task SettleAsync(IEnumerable<Device> devices, CancellationToken cancellationToken)
    {
        for (int quiet = 0; quiet < 2;)
        {
            int offers = faces.Offers;
            foreach (Device device in devices)
            {
                await device.Chat.SynchronizeAsync(cancellationToken);
            }

            quiet = faces.Offers == offers ? quiet + 1 : 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Device device in _devices)
        {
            await device.DisposeAsync();
        }
    }

    private Device Add(string user, string name)
    {
        var address = new DeviceAddress(user, name);
        var device = new Device(user, name, new TwoFacedRelay(_relay.Connect(address), faces));
        _devices.Add(device);
        return device;
    }
}
