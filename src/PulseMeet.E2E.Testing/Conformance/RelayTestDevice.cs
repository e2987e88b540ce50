using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>A device of a check.</summary>
internal sealed class RelayTestDevice
{
    private readonly RelayWorld _world;

    public RelayTestDevice(RelayTestUser user, string deviceId)
    {
        _world = user.World;
        Address = new(user.UserId, deviceId);
        Identity = DeviceIdentity.Create(user.Account, Address, _world.Clock);
        Relay = _world.Subject.Relay.Connect(Address);
    }

    public DeviceAddress Address { get; }

    public DeviceIdentity Identity { get; }

    public IE2ERelay Relay { get; }

    public DevicePreKeys NewPreKeys(int oneTimePreKeys) =>
        DevicePreKeys.Create(Identity, new PreKeyOptions { OneTimePairs = oneTimePreKeys }, _world.Clock);

    public async Task<DeliveryOutcome> DeliverAsync(RelayTestDevice to, byte[] id, byte[] content) =>
        (await Relay.DeliverAsync([new(to.Address, id, content)], _world.CancellationToken).ConfigureAwait(false))[0];

    public async Task<byte[]> DeliverAsync(RelayTestDevice to, byte[] content)
    {
        byte[] id = RelayWorld.NewId();
        Expect.Equal(DeliveryOutcome.Accepted, await DeliverAsync(to, id, content).ConfigureAwait(false), "Delivering");
        return id;
    }

    /// <summary>What is in the mailbox now.</summary>
    public async Task<IReadOnlyList<MailboxItem>> LookAsync(int max = 1000, params long[] except) => (await Relay.ReceiveAsync(
        new(max, TimeSpan.Zero, 0, except), _world.CancellationToken).ConfigureAwait(false)).Items;

    public Task AcknowledgeAsync(IEnumerable<MailboxItem> items) =>
        Relay.AcknowledgeAsync([.. items.Select(item => item.Id)], _world.CancellationToken);

    /// <summary>Reads and acknowledges until nothing is left.</summary>
    public async Task<List<MailboxItem>> DrainAsync()
    {
        List<MailboxItem> all = [];
        while (await LookAsync().ConfigureAwait(false) is { Count: > 0 } items)
        {
            all.AddRange(items);
            await AcknowledgeAsync(items).ConfigureAwait(false);
        }

        return all;
    }
}
