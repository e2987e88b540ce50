using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace Guide;

/// <summary>What clients are made of.</summary>
internal static class Registrations
{
    public static void App(
        IServiceCollection services,
        string file,
        Func<CancellationToken, ValueTask<byte[]>> readKey,
        Func<CancellationToken, ValueTask<string?>> readToken)
    {
        #region app
        services.AddPulseMeetE2E(options => options.Device = new("alice", "phone"))
            .UseSqliteStore(file, MasterKeys.From(readKey))
            .UseHttpRelay(new Uri("https://chat.example/e2e"), readToken);
        #endregion
    }

    public static void InMemory(
        IServiceCollection services,
        string user,
        string device,
        InMemoryStore store,
        Func<CancellationToken, ValueTask<byte[]>> readKey,
        InMemoryRelay relay,
        InMemoryMediaStore media)
    {
        #region memory
        services.AddPulseMeetE2E(options => options.Device = new(user, device))
            .UseInMemoryStore(store, MasterKeys.From(readKey))
            .UseInMemoryRelay(relay, media);
        #endregion
    }

    public static void Extension(
        IServiceCollection services,
        string user,
        string device,
        InMemoryStore store,
        Func<CancellationToken, ValueTask<byte[]>> readKey,
        InMemoryRelay relay,
        InMemoryMediaStore media)
    {
        #region takes-over
        services.AddPulseMeetE2E(options =>
            {
                options.Device = new(user, device);
                options.Client.TakesStoreOver = true;
                options.Client.SendsByItself = false;
            })
            .UseInMemoryStore(store, MasterKeys.From(readKey))
            .UseInMemoryRelay(relay, media);
        #endregion
    }

    public static void Accounts(
        IServiceCollection services, Func<CancellationToken, ValueTask<byte[]>> readKey, InMemoryRelay relay)
    {
        #region accounts
        services.AddPulseMeetE2EAccount("work", options => options.Device = new("alice.at.work", "phone"))
            .UseInMemoryStore(new InMemoryStore(), MasterKeys.From(readKey))
            .UseInMemoryRelay(relay);
        services.AddPulseMeetE2EAccount("home", options => options.Device = new("alice.at.home", "phone"))
            .UseInMemoryStore(new InMemoryStore(), MasterKeys.From(readKey))
            .UseInMemoryRelay(relay);
        #endregion
    }
}
