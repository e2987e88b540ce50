using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E;

/// <summary>A pulse chat as it is now on this device: its name, and who reads along.</summary>
/// <remarks>Immutable.</remarks>
public sealed class PulseRoster
{
    internal PulseRoster(
        string name, PulseRights rights, PulseSuite suite, IReadOnlyList<PulseMember> members, MemberVerification verification, bool isClosed)
    {
        Name = name;
        Rights = rights;
        Suite = suite;
        Members = members;
        Verification = verification;
        IsClosed = isClosed;
    }

    /// <summary>The name; may be empty.</summary>
    public string Name { get; }

    /// <summary>Who may do what.</summary>
    public PulseRights Rights { get; }

    /// <summary>The keys that it is made of.</summary>
    public PulseSuite Suite { get; }

    /// <summary>Everybody, in ascending order of user ids; empty once this device is out of the chat.</summary>
    public IReadOnlyList<PulseMember> Members { get; }

    /// <summary>How many of the others are verified, and who is not.</summary>
    public MemberVerification Verification { get; }

    /// <summary>Whether this device was removed, or has left.</summary>
    public bool IsClosed { get; }

    /// <summary>The member of a user; null where the user is not in the chat.</summary>
    /// <param name="userId">The user.</param>
    public PulseMember? Find(string userId) => Members.FirstOrDefault(member => member.UserId == userId);
}
