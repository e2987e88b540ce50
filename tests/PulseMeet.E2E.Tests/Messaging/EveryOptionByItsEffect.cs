using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Derivation;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>No option does nothing: what each changes is seen between two clients, or by whoever uses the service that it is for.</summary>
public sealed class EveryOptionByItsEffect
{
    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    private sealed class OfAttribute(Type options, string name) : Attribute
    {
        public string Name { get; } = $"{options.Name}.{name}";
    }

    [Fact]
    public void Every_option_has_a_test_here() => Assert.Equal(
        ((Type[])
        [
            typeof(E2EClientOptions), typeof(PreKeyOptions), typeof(RatchetOptions), typeof(PulseMeetE2EOptions),
            typeof(KeyDerivationOptions), typeof(ConversationKeyCacheOptions), typeof(MessageSealingOptions),
        ])
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.SetMethod is { IsPublic: true }).Select(property => $"{type.Name}.{property.Name}"))
            .Order(StringComparer.Ordinal),
        typeof(EveryOptionByItsEffect).GetMethods().SelectMany(method => method.GetCustomAttributes<OfAttribute>()).Select(of => of.Name)
            .Order(StringComparer.Ordinal));

    [Fact]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.Device))]
    [Of(typeof(PulseMeetE2EOptions), nameof(PulseMeetE2EOptions.Device))]
    public async Task Device_is_who_writes_and_a_relay_of_another_is_refused()
    {
        await using var world = new World();
        await using ServiceProvider app = App(world, options => options.Device = new("alice", "watch"));
        E2EClient alice = app.GetRequiredService<E2EClient>();
        (await alice.SignUpAsync()).Dispose();
        Member bob = await world.SignUpAsync("bob");
        await bob.Client.AcceptAsync("alice");
        await alice.SendAsync("bob", MessageContent.Text("hi"));
        await alice.SynchronizeAsync();
        await bob.SyncAsync();
        Assert.Equal(new("alice", "watch"), Assert.Single(bob.Messages).Sender);
        using MasterKey key = MasterKey.Generate();
        Assert.Throws<ArgumentException>(() => new E2EClient(
            new InMemoryStore(),
            world.Relay.Connect(new("alice", "watch")),
            MasterKeys.Of(key),
            new E2EClientOptions { Device = new("alice", "phone") },
            world.Clock));
    }

    [Theory]
    [InlineData(KeyChangePolicy.StopAlways, false, true)]
    [InlineData(KeyChangePolicy.StopWhereVerified, false, false)]
    [InlineData(KeyChangePolicy.StopWhereVerified, true, true)]
    [InlineData(KeyChangePolicy.GoOn, true, false)]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.KeyChangePolicy))]
    public async Task KeyChangePolicy_is_whether_a_message_to_a_contact_under_another_account_key_leaves(
        KeyChangePolicy policy, bool isVerified, bool isStopped)
    {
        await using var world = new World { Configure = options => options.KeyChangePolicy = policy };
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "before");
        await world.SettleAsync();
        if (isVerified)
        {
            await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
        }

        (await bob.Client.ResetAccountAsync()).Dispose();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SyncAsync();
        int before = world.Relay.Delivered.Count(item => item.Sender == alice.Address);
        await alice.SayAsync("bob", "after");
        await alice.SyncAsync();
        Assert.Equal(isStopped, Assert.Single(alice.Seen.OfType<AccountKeyChanged>()).IsStopped);
        Assert.Equal(isStopped, world.Relay.Delivered.Count(item => item.Sender == alice.Address) == before);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(25)]
    [Of(typeof(PreKeyOptions), nameof(PreKeyOptions.OneTimePairs))]
    public async Task OneTimePairs_is_how_many_the_relay_gets_and_has_again_after_some_were_used(int pairs)
    {
        await using var world = new World { Configure = options => options.PreKeys.OneTimePairs = pairs };
        Member bob = await world.SignUpAsync("bob");
        IE2ERelay asked = world.Relay.Connect(bob.Address);
        Assert.Equal(pairs, (await asked.GetPreKeyStatusAsync()).OneTimePairs);
        for (int i = 0; i < pairs; i++)
        {
            await world.Relay.BundleOfAsync(bob.Address);
        }

        Assert.Equal(0, (await asked.GetPreKeyStatusAsync()).OneTimePairs);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SyncAsync();
        Assert.Equal(pairs, (await asked.GetPreKeyStatusAsync()).OneTimePairs);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(50, false)]
    [Of(typeof(PreKeyOptions), nameof(PreKeyOptions.RotationInterval))]
    public async Task RotationInterval_is_when_the_relay_gets_another_signed_prekey(int days, bool isOther)
    {
        await using var world = new World { Configure = options => options.PreKeys.RotationInterval = TimeSpan.FromDays(days) };
        Member bob = await world.SignUpAsync("bob");
        uint first = (await world.Relay.BundleOfAsync(bob.Address)).SignedPair.Id;
        world.Clock.Advance(TimeSpan.FromDays(6));
        await bob.SyncAsync();
        Assert.Equal(isOther, (await world.Relay.BundleOfAsync(bob.Address)).SignedPair.Id != first);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(30, false)]
    [Of(typeof(PreKeyOptions), nameof(PreKeyOptions.RetirementPeriod))]
    public async Task RetirementPeriod_is_how_long_a_first_message_under_a_replaced_prekey_opens(int days, bool isTooLate)
    {
        await using var world = new World
        {
            Configure = options =>
            {
                options.PreKeys.OneTimePairs = 0;
                options.PreKeys.RotationInterval = TimeSpan.FromDays(2);
                options.PreKeys.RetirementPeriod = TimeSpan.FromDays(days);
            },
        };
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "long on the way");
        Assert.NotEmpty(await alice.Client.GetOutboxAsync(10));
        for (int day = 0; day < 5; day++)
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            await bob.SyncAsync();
        }

        await alice.Client.SynchronizeAsync();
        await bob.SyncAsync();
        Assert.Equal(isTooLate, bob.Seen.OfType<MessageUnreadable>().Any(unreadable => unreadable.Reason == E2EError.UnknownPreKey));
        Assert.Equal(isTooLate, !bob.Texts.Contains("long on the way"));
        await world.SettleAsync();
        Assert.Contains("long on the way", bob.Texts);
    }

    [Fact]
    [Of(typeof(PreKeyOptions), nameof(PreKeyOptions.Profile))]
    [Of(typeof(KeyDerivationOptions), nameof(KeyDerivationOptions.Salt))]
    public async Task Salts_that_differ_between_two_apps_are_named_as_the_cause_on_both_sides()
    {
        await using var world = new World();
        await using ServiceProvider hers = App(world, options => options.Device = new("alice", "phone"));
        await using ServiceProvider his = App(world, options =>
        {
            options.Device = new("bob", "phone");
            options.KeyDerivation.Salt = "another app's salt";
        });
        E2EClient alice = hers.GetRequiredService<E2EClient>();
        E2EClient bob = his.GetRequiredService<E2EClient>();
        (await alice.SignUpAsync()).Dispose();
        (await bob.SignUpAsync()).Dispose();
        foreach ((E2EClient from, string to) in new[] { (alice, "bob"), (bob, "alice") })
        {
            await from.SendAsync(to, MessageContent.Text("hi"));
            await from.SynchronizeAsync();
            DeviceUnreachable told = (await from.PeekAsync(10, default)).OfType<DeviceUnreachable>().Single();
            Assert.Equal((new(to, "phone"), E2EError.ProfileMismatch), (told.Device, told.Reason));
        }

        Assert.Empty(world.Relay.Delivered);
    }

    [Fact]
    [Of(typeof(RatchetOptions), nameof(RatchetOptions.Padding))]
    public async Task Ratchet_padding_is_how_long_an_envelope_is()
    {
        Assert.Equal(1, await DifferenceAsync(PaddingScheme.None));
        Assert.Equal(0, await DifferenceAsync(PaddingScheme.Block(1024)));

        static async Task<int> DifferenceAsync(PaddingScheme padding)
        {
            await using var world = new World { Configure = options => options.Ratchet.Padding = padding };
            (Member alice, Member bob) = await world.FriendsAsync();
            await alice.SayAsync("bob", "hello");
            await bob.SayAsync("alice", "hello");
            await world.SettleAsync();
            int seen = world.Relay.Delivered.Count;
            await alice.SayAsync("bob", new string('x', 50));
            await alice.SayAsync("bob", new string('x', 51));
            await alice.Client.SynchronizeAsync();
            int[] lengths = [.. world.Relay.Delivered.Skip(seen).Select(item => item.Envelope.Content.Length)];
            return lengths[1] - lengths[0];
        }
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(20, false)]
    [Of(typeof(RatchetOptions), nameof(RatchetOptions.RenewalInterval))]
    public async Task RenewalInterval_is_when_a_session_that_nobody_answers_is_begun_anew(int days, bool isNew)
    {
        await using var world = new World { Configure = options => options.Ratchet.RenewalInterval = TimeSpan.FromDays(days) };
        (Member alice, _) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.Client.SynchronizeAsync();
        int claims = world.Relay.Claims;
        world.Clock.Advance(TimeSpan.FromDays(3));
        await alice.SayAsync("bob", "two");
        await alice.Client.SynchronizeAsync();
        Assert.Equal(isNew ? claims + 1 : claims, world.Relay.Claims);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(120, false)]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.DeviceListAge))]
    public async Task DeviceListAge_is_when_a_contacts_new_device_is_written_to(int minutes, bool isWrittenTo)
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.FromMinutes(minutes) };
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.Client.SynchronizeAsync();
        Member tablet = await world.LinkAsync(bob, "tablet");
        world.Clock.Advance(TimeSpan.FromMinutes(20));
        await alice.SayAsync("bob", "two");
        await alice.Client.SynchronizeAsync();
        Assert.Equal(isWrittenTo, world.Relay.Delivered.Any(item => item.Sender == alice.Address && item.Envelope.Recipient == tablet.Address));
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(60, false)]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.GapDelay))]
    public async Task GapDelay_is_when_a_lost_message_is_told(int seconds, bool isTold)
    {
        await using var world = new World { Configure = options => options.GapDelay = TimeSpan.FromSeconds(seconds) };
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Relay.OnTheWay = (_, _) => [];
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        await alice.SayAsync("bob", "three");
        await alice.SyncAsync();
        await bob.SyncAsync();
        world.Clock.Advance(TimeSpan.FromSeconds(30));
        await bob.SyncAsync();
        Assert.Equal(isTold, bob.Seen.OfType<MessagesMissing>().Any());
    }

    [Fact]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.SendsByItself))]
    public async Task SendsByItself_is_whether_a_message_leaves_without_another_call()
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member waits = await world.SignUpAsync("carol");
        await waits.SayAsync("bob", "when I say so");
        world.Configure = options => options.SendsByItself = true;
        Member goes = await world.SignUpAsync("alice");
        var left = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Relay.OnTheWay = (sender, envelope) =>
        {
            left.TrySetResult(sender.UserId);
            return [envelope];
        };
        await goes.SayAsync("bob", "at once");
        Assert.Equal("alice", await left.Task.WaitAsync(time.Token));
        Assert.DoesNotContain(world.Relay.Delivered, item => item.Sender == waits.Address);
        await waits.Client.SynchronizeAsync();
        Assert.Contains(world.Relay.Delivered, item => item.Sender == waits.Address && item.Envelope.Recipient == bob.Address);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Of(typeof(E2EClientOptions), nameof(E2EClientOptions.TakesStoreOver))]
    public async Task TakesStoreOver_is_whether_a_second_client_gets_the_store(bool takesOver)
    {
        await using var world = new World();
        await world.SignUpAsync("bob");
        Member alice = await world.SignUpAsync("alice");
        await using var second = new E2EClient(
            alice.Store,
            world.Relay.Connect(alice.Address),
            MasterKeys.Of(alice.Key),
            new E2EClientOptions { Device = alice.Address, SendsByItself = false, TakesStoreOver = takesOver },
            world.Clock);
        E2EClient loser = takesOver ? alice.Client : second;
        if (takesOver)
        {
            await second.SynchronizeAsync();
        }

        Assert.Equal(E2EError.StoreInUse, (await Assert.ThrowsAsync<E2EException>(() => loser.AcceptAsync("bob"))).Reason);
    }

    [Fact]
    [Of(typeof(MessageSealingOptions), nameof(MessageSealingOptions.Padding))]
    public void Sealing_padding_is_how_long_a_single_message_is()
    {
        Assert.Equal(1, Difference(PaddingScheme.None));
        Assert.Equal(0, Difference(PaddingScheme.Block(1024)));

        static int Difference(PaddingScheme padding)
        {
            using ServiceProvider app = Services(options => options.Sealing.Padding = padding);
            IMessageSealer sealer = app.GetRequiredService<IMessageSealer>();
            using ConversationKey key = ConversationKey.Import(new byte[32]);
            var context = new MessageContext("dm_1_2", "alice", "bob", "1");
            return sealer.Seal(key, new byte[51], context).Length - sealer.Seal(key, new byte[50], context).Length;
        }
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(20, false)]
    [Of(typeof(KeyDerivationOptions), nameof(KeyDerivationOptions.RotationInterval))]
    public void Derivation_RotationInterval_is_when_an_epoch_is_due(int days, bool isDue)
    {
        var clock = new TestClock();
        using ServiceProvider app = Services(options => options.KeyDerivation.RotationInterval = TimeSpan.FromDays(days), clock);
        DateTimeOffset begun = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(isDue, app.GetRequiredService<IKeyDerivationService>().IsRotationDue(begun));
    }

    [Fact]
    [Of(typeof(ConversationKeyCacheOptions), nameof(ConversationKeyCacheOptions.Capacity))]
    public void Capacity_is_how_many_conversations_are_not_derived_again()
    {
        Assert.Equal(2, CountDerivations(options => options.Capacity = 2, TimeSpan.Zero));
        Assert.Equal(3, CountDerivations(options => options.Capacity = 1, TimeSpan.Zero));
    }

    [Fact]
    [Of(typeof(ConversationKeyCacheOptions), nameof(ConversationKeyCacheOptions.Expiry))]
    public void Expiry_is_when_keys_are_derived_again()
    {
        Assert.Equal(2, CountDerivations(options => options.Expiry = TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(5)));
        Assert.Equal(3, CountDerivations(options => options.Expiry = TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)));
    }

    [Fact]
    [Of(typeof(ConversationKeyCacheOptions), nameof(ConversationKeyCacheOptions.RotationInterval))]
    public void Cached_RotationInterval_is_when_a_conversation_goes_on_to_other_keys()
    {
        Assert.True(AreOther(TimeSpan.FromMinutes(1)));
        Assert.False(AreOther(TimeSpan.FromDays(3650)));

        static bool AreOther(TimeSpan interval)
        {
            var clock = new TestClock();
            using X25519KeyPair own = X25519KeyPair.Generate();
            using X25519KeyPair peer = X25519KeyPair.Generate();
            using ServiceProvider app = Services(options => options.ConversationKeys.RotationInterval = interval, clock);
            IConversationKeyCache cache = app.GetRequiredService<IConversationKeyCache>();
            using ConversationKeys before = cache.GetCurrent(own, peer.PublicKey, "dm_1_2");
            clock.Advance(TimeSpan.FromMinutes(2));
            using ConversationKeys after = cache.GetCurrent(own, peer.PublicKey, "dm_1_2");
            return Convert.ToHexString(Forge.BytesOf(before.Conversation)) != Convert.ToHexString(Forge.BytesOf(after.Conversation));
        }
    }

    /// <summary>One conversation, another, and after a while the first again: how often keys were derived.</summary>
    private static int CountDerivations(Action<ConversationKeyCacheOptions> configure, TimeSpan between)
    {
        var clock = new TestClock();
        var derivation = new ConversationKeyCaching.CountingDerivation(clock);
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        using ServiceProvider app = Services(options => configure(options.ConversationKeys), clock, derivation);
        IConversationKeyCache cache = app.GetRequiredService<IConversationKeyCache>();
        cache.GetCurrent(own, peer.PublicKey, "dm_1_2").Dispose();
        cache.GetCurrent(own, peer.PublicKey, "dm_1_3").Dispose();
        clock.Advance(between);
        cache.GetCurrent(own, peer.PublicKey, "dm_1_2").Dispose();
        return derivation.Count;
    }

    private static ServiceProvider Services(
        Action<PulseMeetE2EOptions> configure, TimeProvider? clock = null, IKeyDerivationService? derivation = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(clock ?? new TestClock());
        if (derivation is not null)
        {
            services.AddSingleton(derivation);
        }

        services.AddPulseMeetE2E(configure);
        return services.BuildServiceProvider();
    }

    /// <summary>An app with a client over a store of its own.</summary>
    private static ServiceProvider App(World world, Action<PulseMeetE2EOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(world.Clock);
        services.AddPulseMeetE2E(options =>
            {
                options.Client.SendsByItself = false;
                configure(options);
            })
            .UseStore(_ => new InMemoryStore(), _ => MasterKeys.From(_ => ValueTask.FromResult(new byte[32])))
            .UseRelay((_, device) => world.Relay.Connect(device));
        return services.BuildServiceProvider();
    }
}
