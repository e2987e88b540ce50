namespace PulseMeet.E2E.Groups;

/// <summary>What an account is in a group.</summary>
internal enum GroupRole : byte
{
    Member = 0,
    Admin = 1,
    Creator = 2,
}
