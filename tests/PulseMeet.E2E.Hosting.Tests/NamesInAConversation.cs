using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>What operators set is seen between two clients: of the only account of a process, and of one of several.</summary>
public sealed class NamesInAConversation : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly InMemoryRelay _relay;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(1));

    public NamesInAConversation() => _relay = new InMemoryRelay(_clock);

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HKDF_SALT_that_differs_is_named_as_the_cause_on_both_sides(bool isByName)
    {
        await using ServiceProvider hers = App("alice", isByName);
        await using ServiceProvider his = App("bob", isByName, ("HKDF_SALT", "another app"));
        E2EClient alice = await SignUpAsync(hers, isByName);
        E2EClient bob = await SignUpAsync(his, isByName);
        foreach ((E2EClient from, string to) in new[] { (alice, "bob"), (bob, "alice") })
        {
            await from.SendAsync(to, MessageContent.Text("hi"));
            await from.SynchronizeAsync();
            DeviceUnreachable told = Assert.IsType<DeviceUnreachable>(await NextAsync(from));
            Assert.Equal(E2EError.ProfileMismatch, told.Reason);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HKDF_SALT_that_is_the_same_carries_a_conversation(bool isByName)
    {
        await using ServiceProvider hers = App("alice", isByName, ("HKDF_SALT", "another app"));
        await using ServiceProvider his = App("bob", isByName, ("HKDF_SALT", "another app"));
        E2EClient alice = await SignUpAsync(hers, isByName);
        E2EClient bob = await SignUpAsync(his, isByName);
        await bob.AcceptAsync("alice");
        await alice.SendAsync("bob", MessageContent.Text("hi"));
        await alice.SynchronizeAsync();
        await bob.SynchronizeAsync();
        Assert.IsType<MessageReceived>(await NextAsync(bob));
    }

    [Theory]
    [InlineData("3", true)]
    [InlineData("30", false)]
    public async Task KEY_ROTATION_INTERVAL_DAYS_is_when_a_client_publishes_another_signed_prekey(string days, bool isOther) =>
        Assert.Equal(isOther, await RotatesAsync(passed: 5, ("KEY_ROTATION_INTERVAL_DAYS", days)));

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task ENABLE_KEY_ROTATION_is_whether_a_client_ever_does(string isOn, bool isOther) =>
        Assert.Equal(isOther, await RotatesAsync(passed: 300, ("ENABLE_KEY_ROTATION", isOn), ("ENABLE_MIGRATION_MODE", "true")));

    [Theory]
    [InlineData("1", true)]
    [InlineData("30", false)]
    public void KEY_ROTATION_INTERVAL_DAYS_is_when_kept_conversation_keys_are_other_ones(string days, bool isOther)
    {
        using ServiceProvider app = App("alice", isByName: false, ("KEY_ROTATION_INTERVAL_DAYS", days));
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        IConversationKeyCache cache = app.GetRequiredService<IConversationKeyCache>();
        using ConversationKeys before = cache.GetCurrent(own, peer.PublicKey, "dm_1_2");
        _clock.Advance(TimeSpan.FromDays(2));
        using ConversationKeys after = cache.GetCurrent(own, peer.PublicKey, "dm_1_2");
        Assert.Equal(isOther, !before.Conversation.FixedTimeEquals(after.Conversation));
    }

    [Theory]
    [InlineData("ENABLE_SECURE_KEY_EXCHANGE")]
    [InlineData("ENABLE_PERFECT_FORWARD_SECRECY")]
    public async Task A_protection_that_is_off_leaves_no_client_of_any_account(string name)
    {
        foreach (bool isByName in new[] { true, false })
        {
            await using ServiceProvider off = App("alice", isByName, (name, "false"), ("ENABLE_MIGRATION_MODE", "true"));
            Assert.Null(isByName ? off.GetKeyedService<E2EClient>("account") : off.GetService<E2EClient>());
            await using ServiceProvider on = App("alice", isByName, (name, "true"));
            Assert.NotNull(isByName ? on.GetKeyedService<E2EClient>("account") : on.GetService<E2EClient>());
        }
    }

    private ServiceProvider App(string user, bool isByName, params (string, string)[] values)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        void Configure(PulseMeetE2EOptions options)
        {
            options.Device = new(user, "phone");
            options.Client.SendsByItself = false;
        }

        PulseMeetE2EBuilder builder = isByName
            ? services.AddPulseMeetE2EAccount("account", Settings.Of(values), Configure)
            : services.AddPulseMeetE2E(Settings.Of(values), Configure);
        builder
            .UseInMemoryStore(new InMemoryStore(), MasterKeys.From(_ => ValueTask.FromResult(new byte[32])))
            .UseInMemoryRelay(_relay);
        return services.BuildServiceProvider();
    }

    private static async Task<E2EClient> SignUpAsync(ServiceProvider app, bool isByName)
    {
        E2EClient client = isByName ? app.GetRequiredKeyedService<E2EClient>("account") : app.GetRequiredService<E2EClient>();
        (await client.SignUpAsync()).Dispose();
        return client;
    }

    private async Task<E2EEvent> NextAsync(E2EClient client)
    {
        await foreach (E2EEvent next in client.ReadEventsAsync(_patience.Token))
        {
            return next;
        }

        throw new InvalidOperationException("Events have no end.");
    }

    private async Task<bool> RotatesAsync(int passed, params (string, string)[] values)
    {
        await using ServiceProvider app = App("bob", isByName: false, values);
        E2EClient bob = await SignUpAsync(app, isByName: false);
        uint first = await SignedAsync();
        for (int day = 0; day < passed; day += 5)
        {
            _clock.Advance(TimeSpan.FromDays(5));
            await bob.SynchronizeAsync();
        }

        return await SignedAsync() != first;

        async Task<uint> SignedAsync() => PreKeyBundle.Decode(
            (await _relay.Connect(new("bob", "phone")).ClaimBundlesAsync("bob", [])).Bundles["phone"].Span).SignedPair.Id;
    }
}
