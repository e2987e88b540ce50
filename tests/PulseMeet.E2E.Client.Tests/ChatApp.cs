using System.Threading.Channels;
using PulseMeet.E2E;

namespace ChatApp;

/// <summary>An app on one device, as its developer writes it: one using for all of it.</summary>
internal sealed class App : IAsyncDisposable
{
    private readonly Channel<E2EEvent> _told = Channel.CreateUnbounded<E2EEvent>();
    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceProvider _provider;
    private readonly Task _reading;

    private App(ServiceProvider provider, bool reads)
    {
        _provider = provider;
        Chat = provider.GetRequiredService<E2EClient>();
        _reading = reads ? ReadAsync(_stop.Token) : Task.CompletedTask;
    }

    public E2EClient Chat { get; }

    /// <summary>The app starts. One that has no account yet reads nothing.</summary>
    public static App Start(
        string user,
        string device,
        string file,
        Uri server,
        Func<CancellationToken, ValueTask<string?>> tokens,
        IMasterKeySource masterKeys,
        bool reads = true)
    {
        var services = new ServiceCollection();
        services.AddPulseMeetE2E(options => options.Device = new(user, device))
            .UseSqliteStore(file, masterKeys)
            .UseHttpRelay(server, tokens);
        return new App(services.BuildServiceProvider(), reads);
    }

    /// <summary>The next thing of a kind that the user is told.</summary>
    public async Task<T> NextAsync<T>(CancellationToken cancellationToken)
        where T : E2EEvent
    {
        while (true)
        {
            if (await _told.Reader.ReadAsync(cancellationToken) is T wanted)
            {
                return wanted;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        await _provider.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (E2EEvent e in Chat.ReadEventsAsync(cancellationToken))
            {
                switch (e)
                {
                    case MessageRequested request: await Chat.AcceptAsync(request.UserId, cancellationToken); break;
                    case AccountKeyChanged changed: await Chat.AcceptAccountKeyAsync(changed, cancellationToken); break;
                }

                _told.Writer.TryWrite(e);
            }
        }
        catch (Exception exception)
        {
            // Whoever waits for an event hears why none comes.
            _told.Writer.TryComplete(exception is OperationCanceledException ? null : exception);
        }
    }
}
