using System.Security.Cryptography;
using PulseMeet.E2E;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

var relay = new InMemoryRelay(TimeProvider.System); // your server's place

await using E2EClient alice = OpenDevice(new DeviceAddress("alice", "phone"));
await using E2EClient bob = OpenDevice(new DeviceAddress("bob", "laptop"));
using RecoveryKey hers = await alice.SignUpAsync(); // shown once, to be written down
using RecoveryKey his = await bob.SignUpAsync();

// For all devices of both; durable before it leaves, sent again after a crash.
await alice.SendAsync("bob", MessageContent.Text("Coffee at ten?"));

// An app reads without end. An event is acknowledged when the loop comes back for the next one.
await foreach (E2EEvent e in bob.ReadEventsAsync())
{
    if (e is MessageRequested request)
    {
        await bob.AcceptAsync(request.UserId); // a first contact: the app asks its user
    }
    else if (e is MessageReceived { Content: TextContent question })
    {
        Console.WriteLine(question.Value);
        break;
    }
}

await bob.SendAsync("alice", MessageContent.Text("Make it eleven."));
await foreach (E2EEvent e in alice.ReadEventsAsync())
{
    if (e is MessageReceived { Content: TextContent answer })
    {
        Console.WriteLine(answer.Value);
        break;
    }
}

// A store in memory under a new key: an app has a file, and the key in the operating system's key store.
E2EClient OpenDevice(DeviceAddress address)
{
    byte[] key = RandomNumberGenerator.GetBytes(32);
    IMasterKeySource masterKeys = MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. key]));
    var options = new E2EClientOptions { Device = address };
    return new E2EClient(new InMemoryStore(), relay.Connect(address), masterKeys, options, TimeProvider.System);
}
