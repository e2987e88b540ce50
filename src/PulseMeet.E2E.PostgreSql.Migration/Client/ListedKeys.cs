using Npgsql;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The public keys that the table <c>user_public_keys</c> lists for one user: those that serve today, the newest of
/// them first, then those that served earlier. A malformed one serves nobody.</summary>
internal sealed class ListedKeys
{
    private const int MaxRows = 8;

    private readonly List<X25519PublicKey> _all = [];
    private readonly List<X25519PublicKey> _usable = [];

    public IReadOnlyList<X25519PublicKey> All => _all;

    /// <summary>Different keys that are active and unexpired.</summary>
    public IReadOnlyList<X25519PublicKey> Usable => _usable;

    public static async Task<Dictionary<Guid, ListedKeys>> ReadAsync(
        NpgsqlConnection connection, Guid[] users, CancellationToken cancellationToken)
    {
        Dictionary<Guid, ListedKeys> listed = users.Distinct().ToDictionary(user => user, _ => new ListedKeys());
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            $"""
            select u.id, k.public_key, k.usable from unnest($1) as u(id) cross join lateral (
              select public_key, is_active and (expires_at is null or expires_at > now()) as usable, created_at, id
              from public.user_public_keys where user_id = u.id and algorithm = 'x25519'
              order by usable desc, created_at desc, id limit {MaxRows}) k
            order by u.id, k.usable desc, k.created_at desc, k.id
            """,
            cancellationToken, (object)users).ConfigureAwait(false))
        {
            listed[row.GetGuid(0)].Add(row.GetString(1), row.GetBoolean(2));
        }

        return listed;
    }

    private void Add(string publicKey, bool usable)
    {
        try
        {
            X25519PublicKey key = X25519PublicKey.FromBase64(publicKey);
            if (!_all.Contains(key))
            {
                _all.Add(key);
                if (usable)
                {
                    _usable.Add(key);
                }
            }
        }
        catch (E2EException)
        {
            // Malformed.
        }
    }
}
