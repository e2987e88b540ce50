using System.Runtime.Versioning;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Wasm;

/// <summary>What the client does when a page is opened, and with a new contact: over a store in memory, and a relay whose time is
/// left out.</summary>
[SupportedOSPlatform("browser")]
internal sealed class ClientStart(Timings timings) : IDisposable
{
    private const string Alice = "alice";
    private const int MessagesAtOnce = 100;

    private readonly InMemoryRelay _relay = new(TimeProvider.System);
    private readonly MasterKey _key = MasterKey.Generate();
    private readonly Dictionary<string, InMemoryStore> _stores = [];

    public void Dispose() => _key.Dispose();

    /// <param name="calls">How many contacts are met.</param>
    public async Task MeasureAsync(int calls)
    {
        await using (E2EClient alice = Client(Alice))
        {
            (await alice.SignUpAsync()).Dispose();
            await alice.SynchronizeAsync();
        }

        for (int i = 0; i < calls; i++)
        {
            string name = $"contact {i}";
            await using E2EClient contact = Client(name);
            (await timings.StillnessAsync("signing up", () => contact.SignUpAsync())).Dispose();
            await SynchronizeAsync(contact, "publishing key packages");
            await MeetAsync(contact, name);
        }
    }

    private async Task MeetAsync(E2EClient contact, string name)
    {
        await using E2EClient alice = Client(Alice);
        await timings.StillnessAsync("opening the client on its store", () => alice.GetOutboxAsync(1));
        await SynchronizeAsync(alice, "first look at the relay");
        await timings.StillnessAsync("first message to a contact, taken", () => alice.SendAsync(name, MessageContent.Text("first")));
        await SynchronizeAsync(alice, "a message to the relay");
        await SynchronizeAsync(contact, "first message of somebody, received");
        await contact.AcceptAsync(Alice);
        await ReadAsync(contact, expected: 1);
        for (int i = 0; i < MessagesAtOnce; i++)
        {
            await timings.StillnessAsync("a message, taken", () => alice.SendAsync(name, MessageContent.Text("another")));
        }

        await SynchronizeAsync(alice, "a hundred messages to the relay");
        await SynchronizeAsync(contact, "a hundred messages, received");
        await ReadAsync(contact, MessagesAtOnce);
    }

    private Task<bool> SynchronizeAsync(E2EClient client, string row) => timings.StillnessAsync(row, async () =>
    {
        await client.SynchronizeAsync();
        return true;
    });

    private static async Task ReadAsync(E2EClient client, int expected)
    {
        int received = 0;
        await foreach (E2EEvent e in client.ReadWaitingEventsAsync())
        {
            received += e is MessageReceived ? 1 : 0;
        }

        Device.Expect(received == expected, $"{expected} messages come, not {received}");
    }

    private E2EClient Client(string user)
    {
        if (!_stores.TryGetValue(user, out InMemoryStore? store))
        {
            _stores[user] = store = new InMemoryStore();
        }

        var address = new DeviceAddress(user, "browser");
        var options = new E2EClientOptions { Device = address, SendsByItself = false };
        return new(store, RelayElsewhere.Over(_relay.Connect(address), timings), MasterKeys.Of(_key), options, TimeProvider.System);
    }
}
