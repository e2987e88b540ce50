using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Hosting;

/// <summary>Registers the library's services as operators have configured them.</summary>
public static class HostingServiceCollectionExtensions
{
    /// <summary>Adds <see cref="E2EConfiguration"/> and what it lets in of the library's services. What the app has registered before stays.
    /// </summary>
    /// <param name="services">The app's services.</param>
    /// <param name="configuration">A host's configuration, or a section of it.</param>
    /// <param name="configure">Changes options that operators have no name for; null for none.</param>
    /// <returns>What the client is made of is said there; it is <paramref name="services"/> as well.</returns>
    /// <exception cref="ConfigurationException">As for <see cref="E2EConfiguration.Read"/>: at start, and not at the first message.</exception>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static PulseMeetE2EBuilder AddPulseMeetE2E(
        this IServiceCollection services, IConfiguration configuration, Action<PulseMeetE2EOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        E2EConfiguration read = E2EConfiguration.Read(configuration);
        return LetIn(services, read, () => services.AddPulseMeetE2E(options =>
        {
            read.ApplyTo(options);
            configure?.Invoke(options);
        }));
    }

    /// <summary>As <see cref="AddPulseMeetE2E"/>, for one of several accounts in a process: its <see cref="E2EClient"/> is asked for by name, as
    /// a keyed service.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="name">The account's name in the app.</param>
    /// <param name="configuration">A host's configuration, or a section of it.</param>
    /// <param name="configure">Sets the device, and changes options that operators have no name for.</param>
    /// <returns>What the client is made of is said there; it is <paramref name="services"/> as well.</returns>
    /// <exception cref="ConfigurationException">As for <see cref="E2EConfiguration.Read"/>.</exception>
    /// <exception cref="ArgumentException">An option is outside its range, or no device is set.</exception>
    public static PulseMeetE2EBuilder AddPulseMeetE2EAccount(
        this IServiceCollection services, string name, IConfiguration configuration, Action<PulseMeetE2EOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        E2EConfiguration read = E2EConfiguration.Read(configuration);
        return LetIn(services, read, () => services.AddPulseMeetE2EAccount(name, options =>
        {
            read.ApplyTo(options);
            configure(options);
        }));
    }

    /// <summary>Has the host look after clients on a timer, once at its start and then every hour: for an app that does not read events all the time.</summary>
    /// <param name="services">The app's services.</param>
    /// <param name="names">The accounts' names; none for the only one.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentException">A name is null or empty.</exception>
    /// <remarks>A turn is <see cref="E2EClient.SynchronizeAsync"/>: what comes waits until the app reads it. The time is the registered
    /// <see cref="TimeProvider"/>'s.</remarks>
    public static IServiceCollection AddPulseMeetE2EUpkeep(this IServiceCollection services, params string[] names)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(names);
        foreach (string name in names)
        {
            ArgumentException.ThrowIfNullOrEmpty(name, nameof(names));
        }

        services.AddSingleton<IHostedService>(provider => new ClientUpkeep(
            names.Length == 0
                ? [provider.GetService<E2EClient>]
                : [.. names.Select(name => (Func<E2EClient?>)(() => provider.GetKeyedService<E2EClient>(name)))],
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Registers, and takes out again what is switched off.</summary>
    private static PulseMeetE2EBuilder LetIn(IServiceCollection services, E2EConfiguration read, Func<PulseMeetE2EBuilder> register)
    {
        ServiceDescriptor[] before = [.. services];
        services.TryAddSingleton(read);
        PulseMeetE2EBuilder builder = register();
        Type[] left =
        [
            .. read.SecureKeyExchange ? Array.Empty<Type>() : [typeof(IKeyDerivationService), typeof(IConversationKeyCache), typeof(IMessageSealer), typeof(IDeviceFactory), typeof(IRatchetSessionFactory), typeof(E2EClient)],
            .. read.PerfectForwardSecrecy ? Array.Empty<Type>() : [typeof(IRatchetSessionFactory), typeof(E2EClient)],
            .. read.MigrationMode ? Array.Empty<Type>() : [typeof(ILegacyKeyDerivation)],
        ];
        foreach (ServiceDescriptor added in services.Except(before).Where(added => left.Contains(added.ServiceType)).ToArray())
        {
            services.Remove(added);
        }

        return builder;
    }
}
