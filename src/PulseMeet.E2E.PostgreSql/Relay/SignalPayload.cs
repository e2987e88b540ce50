using System.Buffers.Binary;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>A signal as it travels from relay to relay, in a notification of less than 8,000 characters: the lengths of the sender's
/// ids (a byte each), the ids, the envelope's id (16 bytes), the time in milliseconds (8 bytes, big endian), the content; in base64.</summary>
internal static class SignalPayload
{
    public static string Write(DeviceAddress sender, OutgoingEnvelope envelope, DateTimeOffset now)
    {
        byte[] user = Utf8.GetBytes(sender.UserId);
        byte[] device = Utf8.GetBytes(sender.DeviceId);
        byte[] time = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, now.ToUnixTimeMilliseconds());
        return Convert.ToBase64String(
            [(byte)user.Length, .. user, (byte)device.Length, .. device, .. envelope.Id.Span, .. time, .. envelope.Content.Span]);
    }

    /// <summary>Null where it is not what a relay writes: anybody with the right to notify can send anything.</summary>
    public static MailboxItem? Read(string text)
    {
        try
        {
            ReadOnlySpan<byte> bytes = Convert.FromBase64String(text);
            string user = Utf8.GetString(bytes.Slice(1, bytes[0]));
            bytes = bytes[(1 + bytes[0])..];
            string device = Utf8.GetString(bytes.Slice(1, bytes[0]));
            bytes = bytes[(1 + bytes[0])..];
            var time = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes.Slice(16, 8)));
            return new MailboxItem(
                0, MailboxItemKind.Signal, new DeviceAddress(user, device), ReadOnlyMemory<byte>.Empty, bytes[..16].ToArray(), time,
                bytes[24..].ToArray());
        }
        catch (Exception malformed) when (malformed is FormatException or ArgumentException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
