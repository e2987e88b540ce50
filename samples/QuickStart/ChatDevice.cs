using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace QuickStart;

/// <summary>All of an app's code around the client on one device: it starts, shows what it is told, and ends.</summary>
internal sealed class ChatDevice(string user, string device, InMemoryRelay relay, InMemoryMediaStore media) : IAsyncDisposable
{
    private readonly InMemoryStore _store = new(); // A file, with UseSqliteStore.
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32); // In the operating system's key store.
    private readonly Channel<MessageReceived> _shown = Channel.CreateUnbounded<MessageReceived>();
    private ServiceProvider? _services;
    private CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;

    public E2EClient Chat => _services!.GetRequiredService<E2EClient>();

    public void Start() => _services = new ServiceCollection().AddPulseMeetE2E(options => options.Device = new(user, device))
        .UseInMemoryStore(_store, MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. _key])))
        .UseInMemoryRelay(relay, media)
        .BuildServiceProvider();

    public void Read() => _reading = ReadAsync();

    public ValueTask<MessageReceived> NextAsync() => _shown.Reader.ReadAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _services!.DisposeAsync();
        _stop = new CancellationTokenSource();
    }

    private async Task ReadAsync()
    {
        await foreach (E2EEvent e in Chat.ReadEventsAsync(_stop.Token))
        {
            switch (e)
            {
                case MessageRequested request: await Chat.AcceptAsync(request.UserId); break;
                case MessageReceived message: await _shown.Writer.WriteAsync(message); break;
            }
        }
    }
}
