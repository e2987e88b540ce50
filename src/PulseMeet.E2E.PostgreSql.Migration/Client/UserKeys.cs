using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A user with the X25519 key pairs of their app: the current one first, then earlier ones.</summary>
public sealed class UserKeys
{
    /// <param name="userId">The user.</param>
    /// <param name="keyPairs">At least one. Not disposed.</param>
    /// <param name="extraCandidates">Further keys that legacy messages of a conversation may be under, such as rotated v1
    /// keys, by the conversation's id; null where there are none. The keys are not disposed.</param>
    public UserKeys(
        Guid userId,
        IReadOnlyList<X25519KeyPair> keyPairs,
        Func<string, IReadOnlyList<LegacyCandidate>>? extraCandidates = null)
    {
        ArgumentNullException.ThrowIfNull(keyPairs);
        if (keyPairs.Count == 0)
        {
            throw new ArgumentException("At least one key pair.", nameof(keyPairs));
        }

        UserId = userId;
        KeyPairs = keyPairs;
        ExtraCandidates = extraCandidates ?? (_ => []);
    }

    /// <summary>The user.</summary>
    public Guid UserId { get; }

    /// <summary>The current key pair first.</summary>
    public IReadOnlyList<X25519KeyPair> KeyPairs { get; }

    internal Func<string, IReadOnlyList<LegacyCandidate>> ExtraCandidates { get; }
}
