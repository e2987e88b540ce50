using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>The encoding of a device list and its signatures; docs/protocol.md, "Device list".</summary>
internal static class DeviceListCodec
{
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 device list"u8;

    public static DeviceList Sign(
        Ed25519KeyPair account, IReadOnlyCollection<DeviceCertificate> devices, DeviceList? previous, DateTimeOffset now)
    {
        DeviceCertificate[] sorted = [.. devices];
        Array.Sort(sorted, static (left, right) => Compare(left.Address.DeviceId, right.Address.DeviceId));
        Check(account, sorted, previous);
        string userId = sorted[0].Address.UserId;
        long signedAt = now.ToUnixTimeSeconds();
        byte[] buffer = new byte[DeviceList.MaxEncodedSize];
        var writer = new SpanWriter(buffer);
        writer.WriteByte(Version);
        writer.WriteText16(userId);
        writer.WriteBytes(account.PublicKey.Span);
        writer.WriteInt64(NextNumber(previous, signedAt));
        writer.WriteInt64(signedAt);
        writer.WriteByte((byte)sorted.Length);
        foreach (DeviceCertificate device in sorted)
        {
            writer.WriteField16(device.Encoded);
        }

        account.Sign(Label, writer.WrittenSpan, writer.Next(Ed25519KeyPair.SignatureSize));
        DeviceList list = Read(writer.WrittenSpan);
        VerifySignatures(list, writer.WrittenSpan);
        return list;
    }

    public static DeviceList Read(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        string userId = DeviceCertificate.ReadId(ref reader);
        var accountKey = Ed25519PublicKey.FromBytes(reader.ReadBytes(Ed25519PublicKey.KeySize));
        long number = reader.ReadInt64();
        DateTimeOffset signedAt = UnixTime.Read(ref reader);
        int count = reader.ReadByte();
        if (number < 1 || count == 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A device list without a number or a device.");
        }

        if (count > IdentityLimits.MaxDevices)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many devices.");
        }

        var devices = new DeviceCertificate[count];
        for (int i = 0; i < count; i++)
        {
            devices[i] = DeviceCertificate.Decode(reader.ReadField16(), accountKey);
            CheckPlace(devices[i], i == 0 ? null : devices[i - 1], userId, accountKey);
        }

        _ = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        return new(encoded.ToArray(), userId, accountKey, number, signedAt, devices);
    }

    /// <exception cref="E2EException">One does not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    public static void VerifySignatures(DeviceList list, ReadOnlySpan<byte> encoded)
    {
        int signatureAt = encoded.Length - Ed25519KeyPair.SignatureSize;
        if (!list.AccountKey.Verify(Label, encoded[..signatureAt], encoded[signatureAt..]))
        {
            throw new E2EException(E2EError.InvalidSignature, "The device list.");
        }

        // A certificate is shown to others without the list, too: none may stand here that is no good there.
        foreach (DeviceCertificate device in list.Devices)
        {
            device.VerifySignature();
        }
    }

    private static long NextNumber(DeviceList? previous, long seconds)
    {
        if (previous?.Number == long.MaxValue)
        {
            throw new E2EException(E2EError.LimitExceeded, "The account has given its last list number.");
        }

        return Math.Max(Math.Max((previous?.Number ?? 0) + 1, seconds), 1);
    }

    private static void CheckPlace(
        DeviceCertificate device, DeviceCertificate? before, string userId, Ed25519PublicKey accountKey)
    {
        if (device.Address.UserId != userId || device.AccountKey != accountKey)
        {
            throw new E2EException(E2EError.WrongIdentity, "A device of another user or account.");
        }

        if (before is not null && Compare(before.Address.DeviceId, device.Address.DeviceId) >= 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The devices are not in ascending order.");
        }
    }

    private static void Check(Ed25519KeyPair account, DeviceCertificate[] devices, DeviceList? previous)
    {
        if (devices.Length is 0 or > IdentityLimits.MaxDevices)
        {
            throw new ArgumentException("A device list has 1 to 64 devices.", nameof(devices));
        }

        string userId = devices[0].Address.UserId;
        if (Array.Exists(devices, device => device.Address.UserId != userId || device.AccountKey != account.PublicKey))
        {
            throw new ArgumentException("A device belongs to another user or account.", nameof(devices));
        }

        for (int i = 1; i < devices.Length; i++)
        {
            if (devices[i].Address == devices[i - 1].Address)
            {
                throw new ArgumentException("A device stands twice.", nameof(devices));
            }
        }

        if (previous is not null && previous.UserId != userId)
        {
            throw new ArgumentException("The previous list is another user's.", nameof(previous));
        }
    }

    private static int Compare(string left, string right) => PublicBytes.Compare(
        StrictUtf8.Instance.GetBytes(left), StrictUtf8.Instance.GetBytes(right));
}
