using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite.Relay;

namespace PulseMeet.E2E.Sqlite;

/// <summary>Puts a relay's state into a SQLite file.</summary>
public static class SqliteRelayBuilderExtensions
{
    /// <summary>The relay and its media store lie in one SQLite file. It is opened when the host first asks for the relay, and closed with the
    /// host's services.</summary>
    /// <param name="builder">What <c>AddE2ERelay</c> gave.</param>
    /// <param name="path">The file; made where it is missing. Its journal lies beside it.</param>
    /// <param name="mediaQuota">The most bytes, by announced length, of one user's media; 1 or more.</param>
    /// <returns>The same.</returns>
    public static IE2ERelayBuilder UseSqlite(this IE2ERelayBuilder builder, string path, long mediaQuota = SqliteMediaStore.DefaultQuota)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mediaQuota);
        builder.Services.AddSingleton(services => new SqliteRelay(path, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IE2ERelayServer>(services => services.GetRequiredService<SqliteRelay>());
        builder.Services.AddSingleton<IMediaStoreServer>(services => new SqliteMediaStore(services.GetRequiredService<SqliteRelay>(), mediaQuota));
        return builder;
    }
}
