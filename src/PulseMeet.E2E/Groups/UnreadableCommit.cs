using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Groups;

/// <summary>A commit that was right in all that this member can see, but whose path did not open for it: either for nobody, or for
/// some only. Its committer is named.</summary>
/// <param name="Epoch">The epoch that it would end.</param>
/// <param name="Commit">Its SHA-256.</param>
/// <param name="Committer">Who made it; null where even that does not open.</param>
internal sealed record UnreadableCommit(ulong Epoch, byte[] Commit, DeviceAddress? Committer);
