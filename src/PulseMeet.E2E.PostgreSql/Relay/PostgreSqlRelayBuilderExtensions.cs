using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.PostgreSql.Media;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql;

/// <summary>Puts a relay's state into a PostgreSQL database.</summary>
public static class PostgreSqlRelayBuilderExtensions
{
    /// <summary>The folder of media files where none is named, below the process's working directory.</summary>
    public const string DefaultMediaDirectory = "e2e-media";

    /// <summary>The relay lies in a PostgreSQL database (15 or newer), its media files in a folder.</summary>
    /// <param name="builder">What <c>AddE2ERelay</c> gave.</param>
    /// <param name="source">The database. Not disposed.</param>
    /// <param name="options">How the relay uses it; null for the defaults.</param>
    /// <param name="media">Where media files lie; null for <see cref="DefaultMediaDirectory"/>. Relays on several machines have to name a
    /// folder that all of them see.</param>
    /// <returns>The same.</returns>
    public static IE2ERelayBuilder UsePostgreSql(
        this IE2ERelayBuilder builder, NpgsqlDataSource source, PostgreSqlRelayOptions? options = null, PostgreSqlMediaOptions? media = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        builder.Services.AddSingleton(services => new PostgreSqlRelay(
            source, options ?? new PostgreSqlRelayOptions(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IE2ERelayServer>(services => services.GetRequiredService<PostgreSqlRelay>());
        builder.Services.AddSingleton<IMediaStoreServer>(services => new PostgreSqlMediaStore(
            services.GetRequiredService<PostgreSqlRelay>(), media ?? new PostgreSqlMediaOptions { Directory = Path.GetFullPath(DefaultMediaDirectory) }));
        return builder;
    }
}
