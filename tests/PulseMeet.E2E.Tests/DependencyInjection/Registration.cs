using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.DependencyInjection;

/// <summary>One call registers the services, with options that are checked at once.</summary>
public sealed class Registration
{
    [Fact]
    public void All_services_resolve_as_singletons()
    {
        using ServiceProvider provider = new ServiceCollection().AddPulseMeetE2E().BuildServiceProvider(validateScopes: true);
        foreach (Type service in new[]
            { typeof(IKeyDerivationService), typeof(ILegacyKeyDerivation), typeof(IMessageSealer), typeof(IRatchetSessionFactory), typeof(TimeProvider) })
        {
            Assert.Same(provider.GetRequiredService(service), provider.GetRequiredService(service));
        }
    }

    [Fact]
    public void Options_are_checked_at_registration()
    {
        var services = new ServiceCollection();
        Action<PulseMeetE2EOptions>[] mistakes =
        [
            options => options.KeyDerivation.Salt = string.Empty,
            options => options.KeyDerivation.RotationInterval = TimeSpan.FromDays(-1),
            options => options.PreKeys.OneTimePreKeys = -1,
            options => options.PreKeys.OneTimePreKeys = 501,
            options => options.PreKeys.RotationInterval = TimeSpan.Zero,
            options => options.PreKeys.RetirementPeriod = TimeSpan.FromDays(-1),
            options => options.Ratchet.Padding = null!,
            options => options.Ratchet.RenewalInterval = TimeSpan.Zero,
            options => options.Sealing.Padding = null!,
        ];
        Assert.All(mistakes, mistake => Assert.ThrowsAny<ArgumentException>(() => services.AddPulseMeetE2E(mistake)));
        Assert.Empty(services);
    }

    [Fact]
    public void The_apps_clock_and_the_apps_own_services_stay()
    {
        var clock = new TestClock();
        var sealer = new MessageSealer(new MessageSealingOptions());
        using ServiceProvider provider = new ServiceCollection()
            .AddSingleton<TimeProvider>(clock)
            .AddSingleton<IMessageSealer>(sealer)
            .AddPulseMeetE2E()
            .BuildServiceProvider();
        Assert.Same(sealer, provider.GetRequiredService<IMessageSealer>());
        var derivation = provider.GetRequiredService<IKeyDerivationService>();
        DateTimeOffset now = clock.GetUtcNow();
        Assert.False(derivation.IsRotationDue(now));
        clock.Advance(TimeSpan.FromDays(31));
        Assert.True(derivation.IsRotationDue(now));
    }

    [Fact]
    public void Options_reach_the_services()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddPulseMeetE2E(options => options.Sealing.Padding = PaddingScheme.Block(1024))
            .BuildServiceProvider();
        Assert.Equal(25 + 1024 + 16, provider.GetRequiredService<IMessageSealer>().GetSealedLength(1));
    }
}
