using Npgsql;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Where an app takes other users' X25519 public keys from. An app that has verified its contacts gives the verified
/// keys: a server that hands out a key of its own would otherwise share the archive key.</summary>
public interface IPeerKeys
{
    /// <summary>The public keys of a user, the current one first; empty for a user without any.</summary>
    /// <param name="userId">The other user.</param>
    /// <param name="cancellationToken">Stops.</param>
    ValueTask<IReadOnlyList<X25519PublicKey>> GetAsync(Guid userId, CancellationToken cancellationToken);
}

/// <summary>The keys that the table <c>user_public_keys</c> lists, believed as they are: active and unexpired ones first, the
/// newest of them at the front, then those that served earlier.</summary>
public sealed class ListedPeerKeys : IPeerKeys
{
    private readonly NpgsqlDataSource _dataSource;

    /// <param name="dataSource">Not disposed.</param>
    public ListedPeerKeys(NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        _dataSource = dataSource;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<X25519PublicKey>> GetAsync(Guid userId, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return (await ListedKeys.ReadAsync(connection, [userId], cancellationToken).ConfigureAwait(false))[userId].All;
    }
}
