using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E;

/// <summary>What a client is made of: a store, a relay, and, where files are sent, a media store. It is the app's services as well, so
/// that registering goes on behind it.</summary>
/// <remarks>Packages add methods to it. What is missing is named when the client is first asked for.</remarks>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "It builds a client; that it is a collection is by the way.")]
public sealed class PulseMeetE2EBuilder : IServiceCollection
{
    private readonly IServiceCollection _services;
    private Func<IServiceProvider, IE2EStore>? _store;
    private Func<IServiceProvider, IMasterKeySource>? _masterKeys;
    private Func<IServiceProvider, DeviceAddress, IE2ERelay>? _relay;
    private Func<IServiceProvider, DeviceAddress, IMediaStore>? _media;

    internal PulseMeetE2EBuilder(IServiceCollection services, string? name)
    {
        _services = services;
        Name = name;
    }

    /// <summary>The account's name, by which its client is asked for; null for the only one.</summary>
    public string? Name { get; }

    /// <inheritdoc/>
    public int Count => _services.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => _services.IsReadOnly;

    /// <inheritdoc/>
    public ServiceDescriptor this[int index]
    {
        get => _services[index];
        set => _services[index] = value;
    }

    /// <summary>Where the device's records lie, and the key that they are sealed under.</summary>
    /// <param name="store">Gives the store; the client does not dispose it. One that is registered with the services ends with them.</param>
    /// <param name="masterKeys">Gives what takes the master key out of the operating system's key store.</param>
    public PulseMeetE2EBuilder UseStore(
        Func<IServiceProvider, IE2EStore> store, Func<IServiceProvider, IMasterKeySource> masterKeys)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(masterKeys);
        _store = store;
        _masterKeys = masterKeys;
        return this;
    }

    /// <summary>A store in memory: for tests, samples, and devices that keep nothing.</summary>
    /// <param name="store">The store. Whoever gives it again with the same key, to another client later, has a device that was
    /// restarted.</param>
    /// <param name="masterKeys">Gives the key that its records are sealed under.</param>
    public PulseMeetE2EBuilder UseInMemoryStore(InMemoryStore store, IMasterKeySource masterKeys)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(masterKeys);
        return UseStore(_ => store, _ => masterKeys);
    }

    /// <summary>The relay, as the device sees it.</summary>
    /// <param name="relay">Makes it, for the device that it is to speak for.</param>
    public PulseMeetE2EBuilder UseRelay(Func<IServiceProvider, DeviceAddress, IE2ERelay> relay)
    {
        ArgumentNullException.ThrowIfNull(relay);
        _relay = relay;
        return this;
    }

    /// <summary>A relay in this process, for tests and samples: everybody who is to meet uses the same one.</summary>
    /// <param name="relay">The relay.</param>
    /// <param name="media">Where sealed files lie; null where none are sent.</param>
    public PulseMeetE2EBuilder UseInMemoryRelay(InMemoryRelay relay, InMemoryMediaStore? media = null)
    {
        ArgumentNullException.ThrowIfNull(relay);
        UseRelay((_, device) => relay.Connect(device));
        return media is null ? this : UseMediaStore((_, device) => media.Connect(device.UserId));
    }

    /// <summary>Where sealed files lie.</summary>
    /// <param name="media">Makes it, for the device whose user it is to speak for.</param>
    public PulseMeetE2EBuilder UseMediaStore(Func<IServiceProvider, DeviceAddress, IMediaStore> media)
    {
        ArgumentNullException.ThrowIfNull(media);
        _media = media;
        return this;
    }

    /// <inheritdoc/>
    public void Add(ServiceDescriptor item) => _services.Add(item);

    /// <inheritdoc/>
    public void Clear() => _services.Clear();

    /// <inheritdoc/>
    public bool Contains(ServiceDescriptor item) => _services.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(ServiceDescriptor[] array, int arrayIndex) => _services.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<ServiceDescriptor> GetEnumerator() => _services.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _services.GetEnumerator();

    /// <inheritdoc/>
    public int IndexOf(ServiceDescriptor item) => _services.IndexOf(item);

    /// <inheritdoc/>
    public void Insert(int index, ServiceDescriptor item) => _services.Insert(index, item);

    /// <inheritdoc/>
    public bool Remove(ServiceDescriptor item) => _services.Remove(item);

    /// <inheritdoc/>
    public void RemoveAt(int index) => _services.RemoveAt(index);

    /// <exception cref="InvalidOperationException">The store or the relay is missing.</exception>
    internal E2EClient Build(IServiceProvider provider, E2EClientOptions options)
    {
        if (_store is null || _masterKeys is null)
        {
            throw new InvalidOperationException("The client has no store: call UseSqliteStore, UseStore or another.");
        }

        if (_relay is null)
        {
            throw new InvalidOperationException("The client has no relay: call UseHttpRelay, UseRelay or another.");
        }

        return new E2EClient(
            _store(provider),
            _relay(provider, options.Device!),
            _masterKeys(provider),
            options,
            provider.GetRequiredService<TimeProvider>(),
            _media?.Invoke(provider, options.Device!));
    }
}
