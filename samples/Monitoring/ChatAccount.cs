using System.Security.Cryptography;
using PulseMeet.E2E;
using PulseMeet.E2E.Hosting;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace Monitoring;

/// <summary>An account with one device: what outlives its client, and how a client of it is made.</summary>
public sealed class ChatAccount(string user)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32); // In the operating system's key store.
    private E2EClientOptions? _options;

    public string User { get; } = user;

    public DeviceAddress Address { get; } = new(user, "phone");

    public InMemoryStore Store { get; private set; } = new(); // A file, with UseSqliteStore.

    private IMasterKeySource Keys => MasterKeys.From(_ => ValueTask.FromResult<byte[]>([.. _key]));

    /// <summary>Registers the client under the user's name, as operators have configured it.</summary>
    public void AddTo(IServiceCollection services, IConfiguration configuration) => services
        .AddPulseMeetE2EAccount(User, configuration, options =>
        {
            options.Device = Address;
            options.Client.SendsByItself = false; // Chatter says when.
            _options = options.Client;
        })
        .UseInMemoryStore(Store, Keys)
        .UseRelay((provider, device) => provider.GetRequiredService<UnreliableRelayServer>().Connect(device));

    /// <summary>A client over another store: the same one after a restart, or a copy that somebody brought back.</summary>
    public E2EClient Reopen(InMemoryStore store, UnreliableRelayServer relay, TimeProvider time)
    {
        Store = store;
        return new E2EClient(store, relay.Connect(Address), Keys, _options!, time);
    }
}
