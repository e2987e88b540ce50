namespace PulseMeet.E2E;

/// <summary>What an account is in a pulse chat.</summary>
public enum PulseRole
{
    /// <summary>Writes, leaves, and does what everybody may.</summary>
    Member = 0,

    /// <summary>Does what the creator has left to admins: by default adds, removes, renames and makes admins.</summary>
    Admin = 1,

    /// <summary>Does it all. There is one at most; without one, admins have the creator's rights.</summary>
    Creator = 2,
}
