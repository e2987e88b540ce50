using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.DependencyInjection;

/// <summary>One call registers everything; what the app says comes first.</summary>
public sealed class ServiceRegistration
{
    [Fact]
    public void Every_service_resolves_as_a_singleton()
    {
        using ServiceProvider services = Build(_ => { });
        foreach (Type type in new[]
            {
                typeof(IKeyDerivationService), typeof(IConversationKeyCache), typeof(ILegacyKeyDerivation), typeof(IMessageSealer),
                typeof(IRatchetSessionFactory), typeof(TimeProvider),
            })
        {
            Assert.Same(services.GetRequiredService(type), services.GetRequiredService(type));
        }
    }

    [Fact]
    public void The_resolved_services_carry_a_conversation()
    {
        using ServiceProvider services = Build(options => options.PreKeys.OneTimePairs = 1);
        IRatchetSessionFactory factory = services.GetRequiredService<IRatchetSessionFactory>();
        using Ed25519KeyPair account = Ed25519KeyPair.Generate();
        IDeviceFactory devices = services.GetRequiredService<IDeviceFactory>();
        using DeviceIdentity alice = devices.CreateDevice(account, new DeviceAddress("alice", "phone"));
        using DeviceIdentity bob = devices.CreateDevice(account, new DeviceAddress("bob", "phone"));
        using var preKeys = devices.LoadPreKeys(devices.CreatePreKeys(bob).Serialize(), bob);
        var published = preKeys.PreparePublication(default);
        var bundle = new PreKeyBundle(published.Certificate, published.SignedPair, published.OneTimePairs.Single());
        using RatchetSession session = factory.Initiate(alice, new(bob.Address, account.PublicKey), bundle);
        AcceptedSession accepted = factory.Accept(
            preKeys, new(alice.Address, account.PublicKey), session.Seal("hi"u8, "bound"u8), "bound"u8);
        Assert.Equal("hi"u8.ToArray(), accepted.Plaintext.ToArray());
        using RatchetSession stored = factory.Load(accepted.Session.Serialize());
        Assert.Equal("ho"u8.ToArray(), session.Open(stored.Seal("ho"u8)));
    }

    [Fact]
    public void Options_outside_their_range_are_refused_at_registration()
    {
        Action<PulseMeetE2EOptions>[] bad =
        [
            options => options.KeyDerivation.Salt = "",
            options => options.KeyDerivation.Salt = new string('x', 256),
            options => options.KeyDerivation.RotationInterval = TimeSpan.Zero,
            options => options.ConversationKeys.Capacity = 0,
            options => options.ConversationKeys.Capacity = ConversationKeyCacheOptions.MaxCapacity + 1,
            options => options.ConversationKeys.Expiry = TimeSpan.FromMilliseconds(999),
            options => options.ConversationKeys.Expiry = TimeSpan.FromHours(25),
            options => options.ConversationKeys.RotationInterval = TimeSpan.FromSeconds(59),
            options => options.ConversationKeys.RotationInterval = TimeSpan.FromDays(3651),
            options => options.PreKeys.OneTimePairs = -1,
            options => options.PreKeys.OneTimePairs = 501,
            options => options.PreKeys.RotationInterval = TimeSpan.Zero,
            options => options.PreKeys.RetirementPeriod = TimeSpan.FromTicks(-1),
            options => options.PreKeys.RetirementPeriod = TimeSpan.MaxValue,
            options => options.Ratchet.Padding = null!,
            options => options.Ratchet.RenewalInterval = TimeSpan.Zero,
            options => options.Sealing.Padding = null!,
        ];
        foreach (Action<PulseMeetE2EOptions> configure in bad)
        {
            var services = new ServiceCollection();
            Assert.ThrowsAny<ArgumentException>(() => services.AddPulseMeetE2E(configure));
            Assert.Empty(services);
        }

        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddPulseMeetE2E());
    }

    [Fact]
    public void Two_apps_with_different_salts_learn_the_cause_when_a_session_begins()
    {
        using ServiceProvider ours = Build(_ => { });
        using ServiceProvider theirs = Build(options => options.KeyDerivation.Salt = "another app's salt");
        using Ed25519KeyPair account = Ed25519KeyPair.Generate();
        using DeviceIdentity alice = ours.GetRequiredService<IDeviceFactory>().CreateDevice(account, new DeviceAddress("alice", "phone"));
        IDeviceFactory devices = theirs.GetRequiredService<IDeviceFactory>();
        using DeviceIdentity bob = devices.CreateDevice(account, new DeviceAddress("bob", "phone"));
        using DevicePreKeys preKeys = devices.CreatePreKeys(bob);
        PreKeyPublication published = preKeys.PreparePublication(default);
        var bundle = new PreKeyBundle(published.Certificate, published.SignedPair, null);
        E2EException refused = Assert.Throws<E2EException>(() => ours.GetRequiredService<IRatchetSessionFactory>()
            .Initiate(alice, new ExpectedPeer(bob.Address, account.PublicKey), bundle));
        Assert.Equal(E2EError.ProfileMismatch, refused.Reason);
    }

    [Fact]
    public void The_default_profile_is_that_of_the_default_salt() => Assert.Equal(
        SharedProfile.Default.Hash.ToArray(), SharedProfile.FromSalt(KeyDerivationOptions.DefaultSalt).Hash.ToArray());

    [Fact]
    public void Options_reach_the_services()
    {
        using ServiceProvider services = Build(options => options.Sealing.Padding = PaddingScheme.None);
        IMessageSealer sealer = services.GetRequiredService<IMessageSealer>();
        Assert.Equal(1, sealer.GetSealedLength(1000) - sealer.GetSealedLength(999));
    }

    [Fact]
    public void The_apps_clock_wins()
    {
        var clock = new TestClock();
        using ServiceProvider services = Build(_ => { }, before: app => app.AddSingleton<TimeProvider>(clock));
        Assert.Same(clock, services.GetRequiredService<TimeProvider>());
        using Ed25519KeyPair account = Ed25519KeyPair.Generate();
        using DeviceIdentity device = services.GetRequiredService<IDeviceFactory>()
            .CreateDevice(account, new DeviceAddress("alice", "phone"));
        Assert.Equal(clock.GetUtcNow(), device.Certificate.NotBefore);
        IKeyDerivationService derivation = services.GetRequiredService<IKeyDerivationService>();
        DateTimeOffset begun = clock.GetUtcNow();
        Assert.False(derivation.IsRotationDue(begun));
        clock.Advance(TimeSpan.FromDays(30));
        Assert.True(derivation.IsRotationDue(begun));
    }

    [Fact]
    public void The_apps_own_services_stay_and_a_second_registration_changes_nothing()
    {
        var own = new MessageSealer(new MessageSealingOptions());
        using ServiceProvider services = Build(
            _ => { },
            before: app => app.AddSingleton<IMessageSealer>(own),
            after: app => app.AddPulseMeetE2E(options => options.Sealing.Padding = PaddingScheme.None));
        Assert.Same(own, Assert.Single(services.GetServices<IMessageSealer>()));
        Assert.Single(services.GetServices<IRatchetSessionFactory>());
    }

    private static ServiceProvider Build(
        Action<PulseMeetE2EOptions> configure,
        Action<IServiceCollection>? before = null,
        Action<IServiceCollection>? after = null)
    {
        var services = new ServiceCollection();
        before?.Invoke(services);
        services.AddPulseMeetE2E(configure);
        after?.Invoke(services);
        return services.BuildServiceProvider(validateScopes: true);
    }
}
