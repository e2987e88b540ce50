using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace Guide;

/// <summary>A device with an app on it, which is started and ended, and a user who accepts whoever writes.</summary>
internal sealed class Device(string user, string name, InMemoryRelay relay, InMemoryMediaStore media) : IAsyncDisposable
{
    private readonly InMemoryStore _store = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32); // In the operating system's key store.
    private ServiceProvider? _provider;
    private CancellationTokenSource _stop = new();
    private Task _reading = Task.CompletedTask;

    public Screen Screen { get; } = new();

    /// <summary>Ends where the reading does.</summary>
    public Task Reading => _reading;

    public E2EClient Start()
    {
        var services = new ServiceCollection();
        Registrations.InMemory(services, user, name, _store, ReadKeyAsync, relay, media);
        ServiceProvider provider = _provider = services.BuildServiceProvider();
        #region client
        E2EClient chat = provider.GetRequiredService<E2EClient>();
        #endregion
        return chat;
    }

    public ServiceProvider StartExtension()
    {
        var services = new ServiceCollection();
        Registrations.Extension(services, user, name, _store, ReadKeyAsync, relay, media);
        return services.BuildServiceProvider();
    }

    public void Read(E2EClient chat) => _reading = ReadingLoop.RunAsync(chat, Screen, _stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }

        _stop.Dispose();
        _stop = new CancellationTokenSource();
    }

    private ValueTask<byte[]> ReadKeyAsync(CancellationToken cancellationToken) => ValueTask.FromResult<byte[]>([.. _key]);
}
