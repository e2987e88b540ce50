using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Sqlite;

namespace PulseMeet.E2E;

/// <summary>A client whose records lie in a SQLite file.</summary>
public static class SqliteBuilderExtensions
{
    /// <summary>The device's records lie in a SQLite file, which is closed with the services.</summary>
    /// <param name="builder">What <c>AddPulseMeetE2E</c> gave.</param>
    /// <param name="path">The database's file; made where there is none, in a folder that is there.</param>
    /// <param name="masterKeys">Gives the key that the records are sealed under.</param>
    /// <param name="options">How it writes and waits; the defaults where null.</param>
    public static PulseMeetE2EBuilder UseSqliteStore(
        this PulseMeetE2EBuilder builder, string path, IMasterKeySource masterKeys, SqliteStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(masterKeys);
        object key = new();
        builder.AddKeyedSingleton(key, (_, _) => new SqliteStore(path, options));
        return builder.UseStore(provider => provider.GetRequiredKeyedService<SqliteStore>(key), _ => masterKeys);
    }
}
