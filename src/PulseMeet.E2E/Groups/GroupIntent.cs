using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Groups;

/// <summary>What a member wants of a group, said without an epoch: a commit that lost is made again from it.</summary>
internal abstract record GroupIntent;

/// <summary>Accounts with their devices into the group: new accounts, and of those that are there a newer list with what follows from
/// it: devices that are no longer on it go, those that a key package is at hand for come.</summary>
internal sealed record BringIntent(IReadOnlyList<Invitee> Invitees) : GroupIntent
{
    /// <summary>Two halves of it: of the accounts, or of a single one's devices.</summary>
    /// <returns>Null where there are none.</returns>
    public (BringIntent First, BringIntent Second)? Halves()
    {
        if (Invitees.Count > 1)
        {
            int half = Invitees.Count / 2;
            return (new BringIntent([.. Invitees.Take(half)]), new BringIntent([.. Invitees.Skip(half)]));
        }

        if (Invitees is [{ KeyPackages.Count: > 1 } one])
        {
            int half = one.KeyPackages.Count / 2;
            return (
                new BringIntent([one with { KeyPackages = [.. one.KeyPackages.Take(half)] }]),
                new BringIntent([one with { KeyPackages = [.. one.KeyPackages.Skip(half)] }]));
        }

        return null;
    }
}

/// <summary>An account with what is needed to have its devices in a group.</summary>
/// <param name="List">Its encoded device list.</param>
/// <param name="KeyPackages">MLSMessages with key packages of its devices.</param>
internal sealed record Invitee(byte[] List, IReadOnlyList<byte[]> KeyPackages);

/// <summary>An account out of the group, with all its devices.</summary>
internal sealed record RemoveIntent(string UserId) : GroupIntent;

/// <summary>A device out of the group that has not renewed its keys.</summary>
/// <param name="Device">The device.</param>
/// <param name="KeyHash">SHA-256 of its leaf's encryption key: once that is another one, nothing is left to do.</param>
internal sealed record RemoveDeviceIntent(DeviceAddress Device, byte[] KeyHash) : GroupIntent;

/// <summary>Devices of an account that is in the group out and in anew, with one commit: they cannot follow, and cannot come back by themselves.</summary>
/// <param name="Invitee">The account, with key packages of its devices.</param>
/// <param name="KeyHashes">SHA-256 of each of its leaves' encryption key: where that is another one, the device has come in anew since, and nothing is
/// left to do.</param>
internal sealed record BringBackIntent(Invitee Invitee, IReadOnlyList<byte[]> KeyHashes) : GroupIntent;

internal sealed record RenameIntent(string Name) : GroupIntent;

/// <summary>Another role for an account; <see cref="GroupRole.Creator"/> hands the group over.</summary>
internal sealed record RoleIntent(string UserId, GroupRole Role) : GroupIntent;

internal sealed record RightsIntent(GroupRights Rights) : GroupIntent;

/// <summary>Fresh keys for this device, and whatever is due: who asked to leave goes, the own account's newer list comes.</summary>
internal sealed record UpdateIntent : GroupIntent;
