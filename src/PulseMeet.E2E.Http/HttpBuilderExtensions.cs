using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Http;

namespace PulseMeet.E2E;

/// <summary>A client whose relay is reached over HTTP.</summary>
public static class HttpBuilderExtensions
{
    /// <summary>How long a connection is used before its server's name is looked up anew.</summary>
    private static readonly TimeSpan s_connectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>The relay and its media store are reached over HTTP.</summary>
    /// <param name="builder">What <c>AddPulseMeetE2E</c> gave.</param>
    /// <param name="address">Where the relay is mapped, such as <c>https://chat.example/e2e</c>.</param>
    /// <param name="tokens">The token of the app's own authentication; asked for before every attempt, so that it may be renewed.
    /// None is sent where it gives null.</param>
    /// <param name="configure">Changes timeouts and attempts; null for the defaults.</param>
    /// <param name="client">Gives the app's own client, which the app disposes; null for one that ends with the services.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public static PulseMeetE2EBuilder UseHttpRelay(
        this PulseMeetE2EBuilder builder,
        Uri address,
        Func<CancellationToken, ValueTask<string?>> tokens,
        Action<HttpRelayOptions>? configure = null,
        Func<IServiceProvider, HttpClient>? client = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(tokens);
        var options = new HttpRelayOptions { AccessToken = tokens };
        configure?.Invoke(options);
        options.Validate();
        if (client is null)
        {
            object key = new();
            builder.AddKeyedSingleton(key, (_, _) => MakeClient());
            client = provider => provider.GetRequiredKeyedService<HttpClient>(key);
        }

        return builder
            .UseRelay((provider, device) => new HttpRelay(
                client(provider), address, device, options, provider.GetRequiredService<TimeProvider>()))
            .UseMediaStore((provider, _) => new HttpMediaStore(
                client(provider), address, options, provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Attempts have timeouts of their own, which know how long a call may wait.</summary>
    private static HttpClient MakeClient() => OperatingSystem.IsBrowser()
        ? new HttpClient { Timeout = Timeout.InfiniteTimeSpan }
        : new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = s_connectionLifetime }) { Timeout = Timeout.InfiniteTimeSpan };
}
