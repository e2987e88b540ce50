using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Clients out of an app's services: one, or several by name; what is missing is named.</summary>
public sealed class ClientRegistration
{
    [Fact]
    public async Task A_client_is_one_object_made_of_what_the_app_registered()
    {
        await using var world = new World();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddPulseMeetE2E(options => options.Device = new("alice", "phone"))
            .UseStore(_ => new InMemoryStore(), _ => MasterKeys.From(_ => ValueTask.FromResult(new byte[32])))
            .UseRelay((_, device) => world.Relay.Connect(device))
            .UseMediaStore((_, device) => world.Media.Connect(device.UserId));
        await using ServiceProvider provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<E2EClient>();
        Assert.Same(client, provider.GetRequiredService<E2EClient>());
        (await client.SignUpAsync()).Dispose();
        Assert.NotNull((await world.Relay.ListOfAsync("alice")).Find("phone"));
    }

    [Fact]
    public async Task Several_accounts_in_one_process_go_by_name()
    {
        await using var world = new World();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(world.Clock);
        foreach (string name in new[] { "work", "home" })
        {
            services.AddPulseMeetE2EAccount(name, options => options.Device = new(name, "phone"))
                .UseStore(_ => new InMemoryStore(), _ => MasterKeys.From(_ => ValueTask.FromResult(new byte[32])))
                .UseRelay((_, device) => world.Relay.Connect(device));
        }

        await using ServiceProvider provider = services.BuildServiceProvider();
        (await provider.GetRequiredKeyedService<E2EClient>("work").SignUpAsync()).Dispose();
        (await provider.GetRequiredKeyedService<E2EClient>("home").SignUpAsync()).Dispose();
        Assert.NotNull(await world.Relay.ListOfAsync("work"));
        Assert.NotNull(await world.Relay.ListOfAsync("home"));
        Assert.Null(provider.GetService<E2EClient>());
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPulseMeetE2EAccount("work", _ => { }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServiceCollection().AddPulseMeetE2E(options =>
        {
            options.Device = new("alice", "phone");
            options.Client.GapDelay = TimeSpan.FromDays(2);
        }));
        Assert.Null(new ServiceCollection().AddPulseMeetE2E().BuildServiceProvider().GetService<E2EClient>());
        PulseMeetE2EBuilder builder = new ServiceCollection().AddPulseMeetE2E(options => options.Device = new("alice", "phone"));
        Assert.Contains("UseStore", Assert.Throws<InvalidOperationException>(() => builder.BuildServiceProvider().GetService<E2EClient>()).Message, StringComparison.Ordinal);
        builder.UseStore(_ => new InMemoryStore(), _ => MasterKeys.From(_ => ValueTask.FromResult(new byte[32])));
        Assert.Contains("UseRelay", Assert.Throws<InvalidOperationException>(() => builder.BuildServiceProvider().GetService<E2EClient>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_belongs_to_no_account_says_so()
    {
        await using var world = new World();
        Member nobody = world.Device("nobody");
        await Assert.ThrowsAsync<InvalidOperationException>(() => nobody.SayAsync("alice", "hi"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => nobody.Client.SynchronizeAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (E2EEvent _ in nobody.Client.ReadEventsAsync())
            {
            }
        });
        (await nobody.Client.SignUpAsync()).Dispose();
        await Assert.ThrowsAsync<InvalidOperationException>(() => nobody.Client.SignUpAsync());
        await nobody.LoseAsync();
        E2EException taken = await Assert.ThrowsAsync<E2EException>(() => nobody.Client.SignUpAsync());
        Assert.Equal(E2EError.AccountExists, taken.Reason);
    }
}
