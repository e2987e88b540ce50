using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Groups;

/// <summary>A commit as it goes up to the relay, whole: stored first, then offered for its epoch, and applied when it is taken.</summary>
/// <param name="Epoch">The epoch that it ends.</param>
/// <param name="Commit">The commit.</param>
/// <param name="Welcomes">For the devices that it adds.</param>
/// <param name="Removed">The devices that it removes.</param>
/// <param name="GroupInfo">For devices that join by themselves; empty where the group takes none.</param>
/// <param name="Snapshot">The tree and the device lists of the epoch that begins: what a joiner needs besides its Welcome or the
/// group info.</param>
internal sealed record PreparedCommit(
    ulong Epoch,
    byte[] Commit,
    IReadOnlyList<GroupWelcome> Welcomes,
    IReadOnlyList<DeviceAddress> Removed,
    byte[] GroupInfo,
    byte[] Snapshot);

/// <summary>A Welcome for a device.</summary>
internal sealed record GroupWelcome(DeviceAddress Device, byte[] Message);
