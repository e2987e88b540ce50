using System.Security.Cryptography;
using PulseMeet.E2E;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseChatSample;

/// <summary>A device with an app that reads all the time, and what it was told.</summary>
internal sealed class Device : IAsyncDisposable
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32); // In the operating system's key store.
    private readonly CancellationTokenSource _stop = new();
    private readonly List<E2EEvent> _told = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;

    public Device(string user, string name, IE2ERelay relay)
    {
        Address = new DeviceAddress(user, name);
        IMasterKeySource masterKeys = MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. _key]));
        Chat = new E2EClient(new InMemoryStore(), relay, masterKeys, new E2EClientOptions { Device = Address }, TimeProvider.System);
    }

    public DeviceAddress Address { get; }

    public E2EClient Chat { get; }

    public void Read() => _reading = ReadAsync();

    /// <summary>Everything of a kind that it was told.</summary>
    public IReadOnlyList<T> Told<T>()
        where T : E2EEvent
    {
        lock (_lock)
        {
            return [.. _told.OfType<T>()];
        }
    }

    /// <summary>What it has read in a chat, in the order of its arrival.</summary>
    public IReadOnlyList<string> Texts(PulseId pulse) =>
    [
        .. Told<PulseMessageReceived>().Where(message => message.PulseId == pulse)
            .Select(message => ((TextContent)message.Content).Value),
    ];

    /// <summary>Waits until it is told something.</summary>
    public async Task<T> WaitAsync<T>(Func<T, bool> isWanted, CancellationToken cancellationToken)
        where T : E2EEvent
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_told.OfType<T>().FirstOrDefault(isWanted) is { } found)
                {
                    return found;
                }

                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    public Task<PulseMessageReceived> ReadsAsync(PulseId pulse, string text, CancellationToken cancellationToken) => WaitAsync<PulseMessageReceived>(
        message => message.PulseId == pulse && message.Content is TextContent said && said.Value == text, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Chat.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (E2EEvent e in Chat.ReadEventsAsync(_stop.Token))
        {
            lock (_lock)
            {
                _told.Add(e);
                _more.SetResult();
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
