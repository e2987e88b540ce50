using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>The numbers of private use (RFC 9420, section 17) of what pulse chats put on top; docs/protocol-groups.md, "Numbers".</summary>
internal static class GroupNumbers
{
    /// <summary>In a leaf: the number and the hash of its account's device list.</summary>
    public const ushort DeviceListExtension = 0xf0e3;

    /// <summary>In the group context: the name, the roles, who may do what, and the hash over the device lists.</summary>
    public const ushort PulseExtension = 0xf0e4;

    /// <summary>A proposal that carries a signed device list.</summary>
    public const ushort DeviceListProposal = 0xf0e5;

    /// <summary>A proposal by which an account asks to go.</summary>
    public const ushort LeaveProposal = 0xf0e6;

    /// <summary>required_capabilities of every pulse chat (RFC 9420, section 11.1).</summary>
    public static RequiredCapabilities Required { get; } = new(
        [DeviceListExtension, PulseExtension], [DeviceListProposal, LeaveProposal], [CredentialType.DeviceCertificate]);
}
