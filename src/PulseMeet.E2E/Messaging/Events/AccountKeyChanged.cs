using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E;

/// <summary>A contact's account key is another one: the account was reset, or somebody stands between.</summary>
/// <param name="userId">The contact.</param>
/// <param name="accountKey">The new key.</param>
/// <param name="wasVerified">Whether the earlier key had been verified. It is not verified any more.</param>
/// <param name="isStopped">Whether nothing is sent or handed over until the app accepts the key.</param>
public sealed class AccountKeyChanged(string userId, Ed25519PublicKey accountKey, bool wasVerified, bool isStopped) : E2EEvent
{
    /// <summary>The contact.</summary>
    public string UserId { get; } = userId;

    /// <summary>The new key.</summary>
    public Ed25519PublicKey AccountKey { get; } = accountKey;

    /// <summary>Whether the earlier key had been verified.</summary>
    public bool WasVerified { get; } = wasVerified;

    /// <summary>Whether nothing is sent or handed over until the app accepts the key.</summary>
    public bool IsStopped { get; } = isStopped;
}
