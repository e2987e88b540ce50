using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>What a relay looks at before it keeps a device list. docs/protocol-relay.md, "Directory".</summary>
internal static class VerifiedDeviceList
{
    /// <exception cref="E2EException">Malformed, not verified, of another user than the caller's
    /// (<see cref="E2EError.WrongIdentity"/>), or with a number from too far ahead (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static DeviceList Read(ReadOnlyMemory<byte> encoded, DeviceAddress caller, DateTimeOffset now)
    {
        RelayRequest.IsWithin(encoded.Length, RelayLimits.MaxRequestSize);
        DeviceList list = DeviceList.Decode(encoded.Span);
        RelayRequest.IsWithin(list.Number, (now + RelayLimits.MaxClockLead).ToUnixTimeSeconds());
        list.VerifyFirstContact(caller.UserId, now);
        return list;
    }
}
