using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E;

/// <summary>Registers the library's services.</summary>
public static class PulseMeetE2EServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IKeyDerivationService"/>, <see cref="IConversationKeyCache"/>, <see cref="ILegacyKeyDerivation"/>,
    /// <see cref="IMessageSealer"/>, <see cref="IDeviceFactory"/> and <see cref="IRatchetSessionFactory"/> as singletons. What the app has
    /// registered before stays.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Changes options; null for the defaults.</param>
    /// <returns>What the client is made of is said there; it is <paramref name="services"/> as well.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <remarks>Time comes from the registered <see cref="TimeProvider"/>, the system's where the app registers
    /// none. Where <see cref="PulseMeetE2EOptions.Device"/> is set, an <see cref="E2EClient"/> is added, too.</remarks>
    public static PulseMeetE2EBuilder AddPulseMeetE2E(
        this IServiceCollection services, Action<PulseMeetE2EOptions>? configure = null) => Add(services, null, configure);

    /// <summary>As <see cref="AddPulseMeetE2E(IServiceCollection, Action{PulseMeetE2EOptions}?)"/>, for one of several accounts in a
    /// process: its <see cref="E2EClient"/> is asked for by name, as a keyed service.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="name">The account's name in the app.</param>
    /// <param name="configure">Sets the device, and changes options.</param>
    /// <exception cref="ArgumentException">An option is outside its range, or no device is set.</exception>
    /// <remarks>What is not the client's (the key derivation and the factories) is as the first registration says.</remarks>
    public static PulseMeetE2EBuilder AddPulseMeetE2EAccount(
        this IServiceCollection services, string name, Action<PulseMeetE2EOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, name, configure);
    }

    private static PulseMeetE2EBuilder Add(IServiceCollection services, string? name, Action<PulseMeetE2EOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new PulseMeetE2EOptions();
        configure?.Invoke(options);
        options.Validate();
        if (name is not null && options.Device is null)
        {
            throw new ArgumentException("An account by name needs its device.", nameof(configure));
        }

        options.PreKeys.Profile = SharedProfile.FromSalt(options.KeyDerivation.Salt);

#pragma warning disable RS0030 // The default, which the app replaces by registering its own clock first.
        services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
        services.TryAddSingleton<IKeyDerivationService>(
            provider => new KeyDerivationService(options.KeyDerivation, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IConversationKeyCache>(provider => new ConversationKeyCache(
            provider.GetRequiredService<IKeyDerivationService>(),
            options.ConversationKeys,
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ILegacyKeyDerivation>(_ => new LegacyKeyDerivation(options.KeyDerivation.Salt));
        services.TryAddSingleton<IMessageSealer>(_ => new MessageSealer(options.Sealing));
        services.TryAddSingleton<IDeviceFactory>(
            provider => new DeviceFactory(options.PreKeys, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IRatchetSessionFactory>(provider => new RatchetSessionFactory(
            options.Ratchet, options.PreKeys, provider.GetRequiredService<TimeProvider>()));
        var builder = new PulseMeetE2EBuilder(services, name);
        if (options.Device is not null && name is null)
        {
            services.TryAddSingleton(provider => builder.Build(provider, options.Client));
        }
        else if (name is not null)
        {
            services.AddKeyedSingleton(name, (provider, _) => builder.Build(provider, options.Client));
        }

        return builder;
    }
}
