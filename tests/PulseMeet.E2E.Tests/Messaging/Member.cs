using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A device of somebody: its store, its client, and what its app was told.</summary>
internal sealed class Member : IAsyncDisposable
{
    private readonly World _world;
    private readonly MasterKey _masterKey = MasterKey.Generate();
    private readonly HashSet<long> _handedOver = [];
    private readonly HashSet<long> _acknowledged = [];
    private bool _isHeldByTheDead;
    private MasterKey? _nextKey;

    public Member(World world, DeviceAddress address)
    {
        _world = world;
        Address = address;
        Client = Make();
    }

    public DeviceAddress Address { get; }

    public MasterKey Key => _masterKey;

    public string UserId => Address.UserId;

    public InMemoryStore Store { get; set; } = new();

    /// <summary>What lies between the client and the store; replaced by tests that let it fail.</summary>
    public Func<IE2EStore, IE2EStore> Wrap { get; set; } = store => store;

    public E2EClient Client { get; private set; }

    /// <summary>Whether the device takes part when everybody synchronises.</summary>
    public bool IsActive { get; set; } = true;

    /// <summary>Every event that was handed over and acknowledged.</summary>
    public List<E2EEvent> Seen { get; } = [];

    public IEnumerable<MessageReceived> Messages => Seen.OfType<MessageReceived>();

    public IEnumerable<string> Texts => Messages.Select(message => message.Content).OfType<TextContent>().Select(text => text.Value);

    public Task<MessageId> SayAsync(string userId, string text) => Client.SendAsync(userId, MessageContent.Text(text));

    public async Task SyncAsync()
    {
        await Client.SynchronizeAsync();
        await TakeEventsAsync();
    }

    /// <summary>The app's loop: is told everything that waits, and comes back for more.</summary>
    public async Task TakeEventsAsync()
    {
        while (await Client.PeekAsync(50, CancellationToken.None) is { Count: > 0 } waiting)
        {
            foreach (E2EEvent next in waiting)
            {
                // An event that was handed over and not acknowledged comes again, under the same number; one that was, never.
                Assert.DoesNotContain(next.Sequence, _acknowledged);
                if (_handedOver.Add(next.Sequence))
                {
                    Seen.Add(next);
                }

                await Client.AcknowledgeAsync(next, CancellationToken.None);
                _acknowledged.Add(next.Sequence);
            }
        }
    }

    /// <summary>The process ends and begins again over the same store.</summary>
    public async Task RestartAsync(Func<IE2EStore, IE2EStore>? wrap = null)
    {
        await Client.DisposeAsync();
        Wrap = wrap ?? Wrap;
        Client = Make();
    }

    /// <summary>The process ends and begins again with another master key; null for the first.</summary>
    public Task OpenWithAsync(MasterKey? key)
    {
        _nextKey = key;
        return RestartAsync();
    }

    /// <summary>The process dies: nothing is disposed. What a store in memory cannot see, that its holder is gone, the next client
    /// is told.</summary>
    public void Crash()
    {
        Wrap = store => store;
        _isHeldByTheDead = true;
        Client = Make();
    }

    /// <summary>The device is lost, and comes back empty under the same name.</summary>
    public async Task LoseAsync()
    {
        await Client.DisposeAsync();
        Store = new InMemoryStore();
        _isHeldByTheDead = false;
        Client = Make();
        ForgetNumbers();
    }

    /// <summary>The store is put back to a copy of it.</summary>
    public Task RestoreAsync(InMemoryStore copy) => RestoreAsync(() => Store = copy);

    /// <summary>The same, by whoever keeps the store.</summary>
    public async Task RestoreAsync(Action putBack)
    {
        await Client.DisposeAsync();
        putBack();
        _isHeldByTheDead = false;
        Client = Make();
        ForgetNumbers();
    }

    /// <summary>Another store counts its events anew.</summary>
    private void ForgetNumbers()
    {
        _handedOver.Clear();
        _acknowledged.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _masterKey.Dispose();
    }

    private E2EClient Make()
    {
        var options = new E2EClientOptions { Device = Address, SendsByItself = false, TakesStoreOver = _isHeldByTheDead };
        options.PreKeys.OneTimePairs = 8;
        _world.Configure(options);
        return new E2EClient(
            Wrap(_world.OpenStore(this)),
            _world.Through(_world.Relay.Connect(Address)),
            MasterKeys.Of(_nextKey ?? _masterKey),
            options,
            _world.ClientClock ?? _world.Clock,
            _world.ThroughMedia(_world.Media.Connect(UserId)));
    }
}
