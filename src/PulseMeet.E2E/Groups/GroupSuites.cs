using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>The cipher suite of a new group, which its creator chooses and nothing changes later.</summary>
/// <remarks>docs/protocol-groups.md, "Suites", has the figures that the bound comes from.</remarks>
internal static class GroupSuites
{
    /// <summary>Up to this many devices a group has X-Wing unless its creator says otherwise: beyond it a commit over a tree whose
    /// members have not committed yet would be longer than a commit may be.</summary>
    public const int MostDevicesOfXWing = 200;

    /// <summary>The suite for a group that is to have that many devices.</summary>
    public static MlsSuite For(int expectedDevices) =>
        expectedDevices <= MostDevicesOfXWing ? MlsSuite.XWingAes256 : MlsSuite.X25519Aes128;
}
