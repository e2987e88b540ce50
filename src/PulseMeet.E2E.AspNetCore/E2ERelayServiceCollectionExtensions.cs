using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>Registers the relay's services.</summary>
public static class E2ERelayServiceCollectionExtensions
{
    /// <summary>Adds a relay and a media store, in this process's memory unless a <c>Use…</c> method of another package, or the
    /// app itself, registers an <see cref="IE2ERelayServer"/> or <see cref="IMediaStoreServer"/>; and a service that deletes what is
    /// past its age.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Changes options; null for the defaults.</param>
    /// <returns>What other packages put their stores on.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <remarks>Time comes from the registered <see cref="TimeProvider"/>, the system's where the app registers none.</remarks>
    public static IE2ERelayBuilder AddE2ERelay(this IServiceCollection services, Action<E2ERelayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = new E2ERelayOptions();
        configure?.Invoke(options);
        options.Validate();
#pragma warning disable RS0030 // The default, which the app replaces by registering its own clock first.
        services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
        services.TryAddSingleton<IE2ERelayServer>(provider => new InMemoryRelay(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IMediaStoreServer>(provider => new InMemoryMediaStore(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(options);
        services.TryAddSingleton<RelayLimiters>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RelayCleanUp>());
        return new Builder(services);
    }

    /// <summary>The relay and its media store lie in this process's memory and end with it: what is there where nothing else is
    /// said.</summary>
    /// <param name="builder">What <see cref="AddE2ERelay"/> gave.</param>
    /// <returns>The same.</returns>
    public static IE2ERelayBuilder UseInMemory(this IE2ERelayBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IE2ERelayServer>(provider => new InMemoryRelay(provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IMediaStoreServer>(provider => new InMemoryMediaStore(provider.GetRequiredService<TimeProvider>()));
        return builder;
    }

    private sealed class Builder(IServiceCollection services) : IE2ERelayBuilder
    {
        public IServiceCollection Services { get; } = services;
    }
}
