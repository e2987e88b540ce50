using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>A client whose app reads nothing and calls nothing stays fresh by the host's timer: the only one of a process, and several by name; one that
/// belongs to no account holds up none.</summary>
public sealed class LookedAfterByTheHost : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly InMemoryRelay _relay;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(1));

    public LookedAfterByTheHost() => _relay = new InMemoryRelay(_clock);

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prekeys_are_renewed_and_the_device_list_is_signed_anew_though_nobody_reads(bool isByName)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        if (isByName)
        {
            Register(services.AddPulseMeetE2EAccount("empty", options => Set(options, "nobody")));
            Register(services.AddPulseMeetE2EAccount("work", options => Set(options, "alice")));
            services.AddPulseMeetE2EUpkeep("empty", "work");
        }
        else
        {
            Register(services.AddPulseMeetE2E(options => Set(options, "alice")));
            services.AddPulseMeetE2EUpkeep();
        }

        await using ServiceProvider app = services.BuildServiceProvider();
        E2EClient alice = isByName ? app.GetRequiredKeyedService<E2EClient>("work") : app.GetRequiredService<E2EClient>();
        (await alice.SignUpAsync(_patience.Token)).Dispose();
        uint signed = await SignedAsync();
        long list = await ListAsync();
        IHostedService upkeep = app.GetServices<IHostedService>().Single();
        await upkeep.StartAsync(_patience.Token);
        _clock.Advance(TimeSpan.FromDays(31));
        while (await SignedAsync() == signed || await ListAsync() == list)
        {
            _patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await upkeep.StopAsync(_patience.Token);
    }

    private async Task<uint> SignedAsync() => PreKeyBundle.Decode(
        (await _relay.Connect(new("alice", "phone")).ClaimBundlesAsync("alice", [])).Bundles["phone"].Span).SignedPair.Id;

    private async Task<long> ListAsync() => DeviceList.Decode(await _relay.Connect(new("alice", "phone")).GetDeviceListAsync("alice")).Number;

    private static void Set(PulseMeetE2EOptions options, string user)
    {
        options.Device = new(user, "phone");
        options.Client.SendsByItself = false;
    }

    private void Register(PulseMeetE2EBuilder builder) => builder
        .UseInMemoryStore(new InMemoryStore(), MasterKeys.From(_ => ValueTask.FromResult(new byte[32])))
        .UseInMemoryRelay(_relay);
}
