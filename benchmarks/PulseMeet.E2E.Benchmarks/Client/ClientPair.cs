using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>Two people who have answered each other, each with a client over a store, around a relay in memory.</summary>
internal sealed class ClientPair : IAsyncDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();
    private readonly MessageContent _message;

    private ClientPair(Func<string, IE2EStore> store, int size)
    {
        _message = MessageContent.Text(new string('x', size));
        Alice = Open(store, "alice");
        Bob = Open(store, "bob");
    }

    public InMemoryRelay Relay { get; } = new(TimeProvider.System);

    public E2EClient Alice { get; }

    public E2EClient Bob { get; }

    /// <param name="store">Gives a user's store.</param>
    /// <param name="size">The length of a message's text, in bytes.</param>
    public static async Task<ClientPair> BeginAsync(Func<string, IE2EStore> store, int size)
    {
        var pair = new ClientPair(store, size);
        (await pair.Alice.SignUpAsync()).Dispose();
        (await pair.Bob.SignUpAsync()).Dispose();
        await pair.Alice.AcceptAsync("bob");
        await pair.Bob.AcceptAsync("alice");
        for (int i = 0; i < 3; i++)
        {
            await pair.SendAsync();
            await pair.PassAsync();
            await pair.Bob.SendAsync("alice", pair._message);
            await pair.Bob.SynchronizeAsync();
            await pair.Alice.SynchronizeAsync();
            await TakeEventsAsync(pair.Alice);
        }

        return pair;
    }

    /// <summary>Alice writes one message; it is durable then.</summary>
    public Task SendAsync() => Alice.SendAsync("bob", _message);

    /// <summary>What Alice wrote arrives, is read, and is known by her to have arrived.</summary>
    public async Task PassAsync()
    {
        await Alice.SynchronizeAsync();
        await Bob.SynchronizeAsync();
        await TakeEventsAsync(Bob);
        await Alice.SynchronizeAsync();
    }

    /// <summary>The app takes and acknowledges what waits.</summary>
    public static async Task TakeEventsAsync(E2EClient client)
    {
        while (await client.PeekAsync(100, CancellationToken.None) is { Count: > 0 } waiting)
        {
            foreach (E2EEvent next in waiting)
            {
                await client.AcknowledgeAsync(next, CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Alice.DisposeAsync();
        await Bob.DisposeAsync();
        _key.Dispose();
    }

    private E2EClient Open(Func<string, IE2EStore> store, string user)
    {
        var options = new E2EClientOptions { Device = new(user, "phone"), SendsByItself = false, DeviceListAge = TimeSpan.FromDays(1) };
        return new E2EClient(store(user), Relay.Connect(options.Device), MasterKeys.Of(_key), options, TimeProvider.System);
    }
}
