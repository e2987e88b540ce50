using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>Listed devices, and traffic between them. What lies in an envelope is no matter to a relay.</summary>
internal static class Users
{
    /// <summary>Publishes a signed list of these devices, by the first of them.</summary>
    public static async Task<DeviceList> ListAsync(
        IE2ERelayServer relay, string user, string[] devices, Ed25519KeyPair? account = null, DeviceList? previous = null)
    {
        using Ed25519KeyPair? made = account is null ? Ed25519KeyPair.Generate() : null;
        Ed25519KeyPair signer = account ?? made!;
        DeviceList list = DeviceList.Sign(signer, devices.Select(device => Certificate(signer, new(user, device))), previous, TimeProvider.System);
        await relay.Connect(new(user, devices[0])).PublishDeviceListAsync(list.Encode());
        return list;
    }

    public static OutgoingEnvelope Envelope(string user, string device, string content) =>
        new(new(user, device), Id(), System.Text.Encoding.UTF8.GetBytes(content));

    public static byte[] Id() => RandomNumberGenerator.GetBytes(16);

    public static string Text(MailboxItem item) => System.Text.Encoding.UTF8.GetString(item.Content.Span);

    public static Task<MailboxPage> ReceiveAsync(this IE2ERelay relay, int max = 100, TimeSpan wait = default, long[]? except = null) =>
        relay.ReceiveAsync(new MailboxRequest(max, wait, 0, except ?? []));

    private static DeviceCertificate Certificate(Ed25519KeyPair account, DeviceAddress address)
    {
        using X25519KeyPair identity = X25519KeyPair.Generate();
        using Ed25519KeyPair signing = Ed25519KeyPair.Generate();
        using Ed25519KeyPair mls = Ed25519KeyPair.Generate();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return DeviceCertificate.Issue(account, address, identity.PublicKey, signing.PublicKey, mls.PublicKey, now.AddDays(-1), now.AddDays(90));
    }
}
