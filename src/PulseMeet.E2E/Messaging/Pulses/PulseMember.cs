namespace PulseMeet.E2E;

/// <summary>An account in a pulse chat, by the chat's own tree: never by what a server says.</summary>
/// <remarks>Immutable.</remarks>
public sealed class PulseMember
{
    internal PulseMember(string userId, PulseRole role, IReadOnlyList<string> devices, bool isVerified, bool isSelf)
    {
        UserId = userId;
        Role = role;
        Devices = devices;
        IsVerified = isVerified;
        IsSelf = isSelf;
    }

    /// <summary>The user.</summary>
    public string UserId { get; }

    /// <summary>The account's role.</summary>
    public PulseRole Role { get; }

    /// <summary>The ids of its devices that read along, in ascending order.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Whether the account key under which it is in the chat was compared
    /// (<see cref="E2EClient.MarkVerifiedAsync"/>); of oneself always.</summary>
    public bool IsVerified { get; }

    /// <summary>Whether it is one's own account.</summary>
    public bool IsSelf { get; }
}
