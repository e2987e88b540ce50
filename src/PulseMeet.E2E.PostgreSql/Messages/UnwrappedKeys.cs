using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Wrapping;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Messages;

/// <summary>The legacy keys of one conversation that were wrapped for this user, the newest first.</summary>
internal static class UnwrappedKeys
{
    public static async Task<List<UnwrappedKey>> ReadAsync(
        NpgsqlConnection connection, UserKeys user, string? conversation, CancellationToken cancellationToken)
    {
        List<UnwrappedKey> keys = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            $"""
            select conversation_id, source_table, source_id, key_id, recipient_key_id, sealed_key
            from public.conversation_keys
            where recipient_id = $1 and {(conversation is null
                ? "source_table = 'direct_message_keys' and conversation_id not like 'dm\\_%' and $2 = ''"
                : "conversation_id = $2")}
            order by version desc, source_id, created_at desc
            """,
            cancellationToken, user.UserId, conversation ?? string.Empty).ConfigureAwait(false))
        {
            Guid id = row.GetGuid(2);
            byte[] binding = Binding.OfWrappedKey(
                row.GetString(0), user.UserId, row.GetString(1), id, row.GetString(3), row.GetString(4));
            if (keys.TrueForAll(key => key.SourceId != id) && TryOpen(user, binding, (byte[])row[5]) is { } opened)
            {
                keys.Add(new(row.GetString(0), id, opened));
            }
        }

        return keys;
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
