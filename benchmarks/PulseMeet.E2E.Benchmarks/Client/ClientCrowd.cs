using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>One client and many people who have answered it, around a relay in memory.</summary>
internal sealed class ClientCrowd : IAsyncDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();
    private readonly InMemoryRelay _relay = new(TimeProvider.System);
    private readonly MessageContent _message;
    private readonly E2EClient[] _people;

    private ClientCrowd(IE2EStore store, int people, int size)
    {
        _message = MessageContent.Text(new string('x', size));
        Alice = Open(store, "alice");
        _people = [.. Enumerable.Range(0, people).Select(i => Open(new InMemoryStore(), Name(i)))];
    }

    public E2EClient Alice { get; }

    public static async Task<ClientCrowd> BeginAsync(IE2EStore store, int people, int size)
    {
        var crowd = new ClientCrowd(store, people, size);
        (await crowd.Alice.SignUpAsync()).Dispose();
        for (int i = 0; i < people; i++)
        {
            (await crowd._people[i].SignUpAsync()).Dispose();
            await crowd.Alice.AcceptAsync(Name(i));
            await crowd._people[i].AcceptAsync("alice");
            await crowd.SendAsync(i);
        }

        for (int i = 0; i < 2; i++)
        {
            await crowd.PassAsync();
            foreach (E2EClient person in crowd._people)
            {
                await person.SendAsync("alice", crowd._message);
                await person.SynchronizeAsync();
            }
        }

        await crowd.PassAsync();
        return crowd;
    }

    /// <summary>Alice writes one message to one of them; it is durable then.</summary>
    public Task SendAsync(int person) => Alice.SendAsync(Name(person), _message);

    /// <summary>What Alice wrote arrives, is read, and is known by her to have arrived.</summary>
    public async Task PassAsync()
    {
        await Alice.SynchronizeAsync();
        foreach (E2EClient person in _people)
        {
            await person.SynchronizeAsync();
            await ClientPair.TakeEventsAsync(person);
        }

        await Alice.SynchronizeAsync();
        await ClientPair.TakeEventsAsync(Alice);
    }

    public async ValueTask DisposeAsync()
    {
        await Alice.DisposeAsync();
        foreach (E2EClient person in _people)
        {
            await person.DisposeAsync();
        }

        _key.Dispose();
    }

    private static string Name(int i) => $"user-{i}";

    private E2EClient Open(IE2EStore store, string user)
    {
        var options = new E2EClientOptions { Device = new(user, "phone"), SendsByItself = false, DeviceListAge = TimeSpan.FromDays(1) };
        return new E2EClient(store, _relay.Connect(options.Device), MasterKeys.Of(_key), options, TimeProvider.System);
    }
}
