using Microsoft.Extensions.DependencyInjection;

namespace PulseMeet.E2E.DependencyInjection;

/// <summary>What <c>AddE2ERelay</c> of PulseMeet.E2E.AspNetCore gives back: packages with a store for the relay put their
/// <c>Use…</c> methods on it, which register an <see cref="Relay.IE2ERelayServer"/>, an <see cref="Relay.IMediaStoreServer"/>
/// or both as singletons; the last registration counts.</summary>
public interface IE2ERelayBuilder
{
    /// <summary>The host's services.</summary>
    IServiceCollection Services { get; }
}
