using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.DependencyInjection;

/// <summary>Registers the library's services.</summary>
public static class PulseMeetE2EServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IKeyDerivationService"/>, <see cref="ILegacyKeyDerivation"/>, <see cref="IMessageSealer"/> and
    /// <see cref="IRatchetSessionFactory"/> as singletons. What the app has registered before stays.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Changes options; null for the defaults.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <remarks>Time comes from the registered <see cref="TimeProvider"/>, the system's where the app registers
    /// none.</remarks>
    public static IServiceCollection AddPulseMeetE2E(
        this IServiceCollection services, Action<PulseMeetE2EOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new PulseMeetE2EOptions();
        configure?.Invoke(options);
        options.Validate();

#pragma warning disable RS0030 // The default, which the app replaces by registering its own clock first.
        services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
        services.TryAddSingleton<IKeyDerivationService>(
            provider => new KeyDerivationService(options.KeyDerivation, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ILegacyKeyDerivation>(_ => new LegacyKeyDerivation(options.KeyDerivation.Salt));
        services.TryAddSingleton<IMessageSealer>(_ => new MessageSealer(options.Sealing));
        services.TryAddSingleton<IRatchetSessionFactory>(provider => new RatchetSessionFactory(
            options.Ratchet, options.PreKeys, provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
