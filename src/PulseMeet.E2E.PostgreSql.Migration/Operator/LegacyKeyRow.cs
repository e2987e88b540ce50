using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A row of a legacy key table, as it is read for wrapping.</summary>
internal sealed record LegacyKeyRow(
    Guid Id, string KeyId, string Conversation, int Version, string SymmetricKey, string Json, Guid Digest, bool IsCurrent)
{
    /// <summary>The key, 32 bytes that the caller zeroes; null where the column holds something else.</summary>
    public byte[]? DecodeKey()
    {
        byte[] key = new byte[33];
        return Convert.TryFromBase64String(SymmetricKey, key, out int written) && written == 32 ? key[..32] : null;
    }

    /// <summary>The table, never the key.</summary>
    public override string ToString() => nameof(LegacyKeyRow);
}

/// <summary>A member of a key's conversation with one of their active public keys, if they have any.</summary>
internal sealed record KeyMember(Guid KeyRow, Guid User, string? PublicKeyId, string? PublicKey, bool Expired, bool Wrapped);
