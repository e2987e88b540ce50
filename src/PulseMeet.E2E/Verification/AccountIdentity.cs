using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Verification;

/// <summary>What people verify of one another: a user's stable id and the account key. Devices come and go without changing
/// it.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed record AccountIdentity
{
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8, compared byte by byte. An id that the user can change (a phone
    /// number, a nickname) is not stable.</param>
    /// <param name="accountKey">The account key.</param>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    public AccountIdentity(string userId, Ed25519PublicKey accountKey)
    {
        Argument.IsText(userId, DeviceAddress.MaxIdSize);
        ArgumentNullException.ThrowIfNull(accountKey);
        UserId = userId;
        AccountKey = accountKey;
    }

    /// <summary>The user.</summary>
    public string UserId { get; }

    /// <summary>The account key.</summary>
    public Ed25519PublicKey AccountKey { get; }

    internal byte[] EncodedId => StrictUtf8.Instance.GetBytes(UserId);

    /// <exception cref="ArgumentException">Both are the same user: there is nobody to compare with.</exception>
    internal static void AreTwo(AccountIdentity own, AccountIdentity peer)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        if (own.UserId == peer.UserId)
        {
            throw new ArgumentException("The peer has to be another user.", nameof(peer));
        }
    }
}
