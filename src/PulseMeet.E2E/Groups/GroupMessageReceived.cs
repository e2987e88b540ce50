using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Groups;

/// <summary>What came by itself, outside of the order of commits.</summary>
internal abstract record GroupReceived(DeviceAddress Sender);

/// <summary>A message of a member.</summary>
/// <param name="Sender">The device, by its leaf and its signature: never by what the relay says.</param>
/// <param name="AccountKey">Its account's key, 32 bytes.</param>
/// <param name="Epoch">The epoch that it was sealed in.</param>
/// <param name="Generation">Its number among the sender's of that epoch.</param>
/// <param name="Content">What was sealed.</param>
internal sealed record GroupMessageReceived(
    DeviceAddress Sender, byte[] AccountKey, ulong Epoch, uint Generation, byte[] Content) : GroupReceived(Sender);

/// <summary>A member asked to leave: see <see cref="GroupDutyReason.LeaveWaits"/>.</summary>
internal sealed record LeaveAsked(DeviceAddress Sender) : GroupReceived(Sender);
