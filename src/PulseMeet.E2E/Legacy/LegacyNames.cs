using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>The names that the legacy client gives to conversations and keys.</summary>
public static class LegacyNames
{
    /// <summary>The id of a direct conversation: <c>dm_</c>, the smaller user id, <c>_</c>, the larger one, in the ordinal
    /// order of the lower-case UUID texts.</summary>
    /// <param name="firstUserId">One user.</param>
    /// <param name="secondUserId">The other user.</param>
    public static string DirectConversationId(Guid firstUserId, Guid secondUserId)
    {
        string first = firstUserId.ToString("D");
        string second = secondUserId.ToString("D");
        return string.CompareOrdinal(first, second) <= 0 ? $"dm_{first}_{second}" : $"dm_{second}_{first}";
    }

    /// <summary>The fingerprint that the legacy client shows: the first 16 hexadecimal digits, upper case, of the key's
    /// SHA-256. 64 bits: for recognising old data, too short for verifying people.</summary>
    /// <param name="publicKey">An X25519 public key.</param>
    public static string Fingerprint(X25519PublicKey publicKey)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        return Convert.ToHexString(Sha256.Hash(publicKey.Span).AsSpan(0, 8));
    }
}
