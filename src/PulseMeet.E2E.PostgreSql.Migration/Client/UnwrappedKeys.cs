using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The legacy keys of one conversation that were wrapped for this user, the newest first.</summary>
internal static class UnwrappedKeys
{
    /// <summary>Under the conversation's own name, and those whose name does not say whom they concern: an id of
    /// <c>conversations</c>, or one in another spelling than the app's.</summary>
    public static async Task<List<UnwrappedKey>> OfDirectAsync(
        NpgsqlConnection connection, UserKeys user, string conversation, CancellationToken cancellationToken) =>
        (await ReadAsync(connection, user, conversation,
            """
            (conversation_id = $2 or source_table = 'direct_message_keys' and (
              conversation_id !~ '^dm_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
              or substr(conversation_id, 4, 36) collate "C" > substr(conversation_id, 41, 36) collate "C"))
            """,
            "false", cancellationToken).ConfigureAwait(false)).Keys;

    /// <summary>With whether the pulse may be sealed anew, which is false where there is no key.</summary>
    public static Task<(List<UnwrappedKey> Keys, bool MayReseal)> OfPulseAsync(
        NpgsqlConnection connection, UserKeys user, string pulse, CancellationToken cancellationToken) =>
        ReadAsync(connection, user, pulse, "conversation_id = $2", "(select public.e2e_may_reseal($2))", cancellationToken);

    private static async Task<(List<UnwrappedKey> Keys, bool MayReseal)> ReadAsync(
        NpgsqlConnection connection, UserKeys user, string conversation, string condition, string mayReseal,
        CancellationToken cancellationToken)
    {
        List<UnwrappedKey> keys = [];
        bool may = false;
        HashSet<Guid> seen = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            $"""
            select conversation_id, source_table, source_id, key_id, recipient_key_id, sealed_key, {mayReseal}
            from public.conversation_keys
            where recipient_id = $1 and {condition}
            order by version desc, source_id, created_at desc
            """,
            cancellationToken, user.UserId, conversation).ConfigureAwait(false))
        {
            Guid id = row.GetGuid(2);
            may = row.GetBoolean(6);
            byte[] binding = Binding.OfWrappedKey(
                row.GetString(0), user.UserId, row.GetString(1), id, row.GetString(3), row.GetString(4));
            if (!seen.Contains(id) && TryOpen(user, binding, (byte[])row[5]) is { } opened)
            {
                seen.Add(id);
                keys.Add(new(row.GetString(0), id, opened));
            }
        }

        return (keys, may);
    }

    private static LegacyKey? TryOpen(UserKeys user, byte[] binding, byte[] sealedKey)
    {
        foreach (X25519KeyPair own in user.KeyPairs)
        {
            try
            {
                byte[] key = Hpke.Open(own, Binding.WrappedKeyInfo, binding, sealedKey);
                LegacyKey? opened = key.Length == LegacyKey.KeySize ? LegacyKey.Import(key) : null;
                CryptographicOperations.ZeroMemory(key);
                return opened;
            }
            catch (E2EException)
            {
                // Sealed to another of the user's keys.
            }
        }

        return null;
    }
}

internal sealed record UnwrappedKey(string Conversation, Guid SourceId, LegacyKey Key);
