using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>How an intent is stored until it is done.</summary>
internal static class GroupIntentCodec
{
    public static void Write(GroupIntent intent, MlsWriter writer)
    {
        switch (intent)
        {
            case BringIntent bring:
                writer.WriteByte(1);
                writer.WriteUInt32((uint)bring.Invitees.Count);
                foreach (Invitee invitee in bring.Invitees)
                {
                    Write(invitee, writer);
                }

                break;
            case RemoveIntent remove:
                writer.WriteByte(2);
                PulseData.WriteText(writer, remove.UserId);
                break;
            case RemoveDeviceIntent remove:
                writer.WriteByte(3);
                WriteAddress(remove.Device, writer);
                writer.WriteVector(remove.KeyHash);
                break;
            case RenameIntent rename:
                writer.WriteByte(4);
                PulseData.WriteText(writer, rename.Name);
                break;
            case RoleIntent role:
                writer.WriteByte(5);
                PulseData.WriteText(writer, role.UserId);
                writer.WriteByte((byte)role.Role);
                break;
            case RightsIntent rights:
                writer.WriteByte(6);
                rights.Rights.Write(writer);
                break;
            case BringBackIntent back:
                writer.WriteByte(8);
                Write(back.Invitee, writer);
                Write(back.KeyHashes, writer);
                break;
            default:
                writer.WriteByte(7);
                break;
        }
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static GroupIntent Read(ref MlsReader reader)
    {
        switch (reader.ReadByte())
        {
            case 1:
                return ReadBring(ref reader);
            case 2:
                return new RemoveIntent(PulseData.ReadText(ref reader, DeviceAddress.MaxIdSize));
            case 3:
                return new RemoveDeviceIntent(ReadAddress(ref reader), reader.ReadVector().ToArray());
            case 4:
                return new RenameIntent(PulseData.ReadText(ref reader, GroupLimits.MaxNameSize));
            case 5:
                return new RoleIntent(PulseData.ReadText(ref reader, DeviceAddress.MaxIdSize), (GroupRole)reader.ReadByte());
            case 6:
                return new RightsIntent(GroupRights.Read(ref reader));
            case 7:
                return new UpdateIntent();
            case 8:
                return new BringBackIntent(ReadInvitee(ref reader), ReadAll(ref reader));
            default:
                throw new E2EException(E2EError.InvalidEncoding, "An intent is of an unknown kind.");
        }
    }

    internal static void WriteAddress(DeviceAddress address, MlsWriter writer)
    {
        PulseData.WriteText(writer, address.UserId);
        PulseData.WriteText(writer, address.DeviceId);
    }

    internal static DeviceAddress ReadAddress(ref MlsReader reader)
    {
        string userId = PulseData.ReadText(ref reader, DeviceAddress.MaxIdSize);
        string deviceId = PulseData.ReadText(ref reader, DeviceAddress.MaxIdSize);
        return userId.Length > 0 && deviceId.Length > 0
            ? new DeviceAddress(userId, deviceId)
            : throw new E2EException(E2EError.InvalidEncoding, "A user or device id is empty.");
    }

    private static BringIntent ReadBring(ref MlsReader reader)
    {
        var invitees = new List<Invitee>();
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            invitees.Add(ReadInvitee(ref reader));
        }

        return new BringIntent(invitees);
    }

    private static void Write(Invitee invitee, MlsWriter writer)
    {
        writer.WriteVector(invitee.List);
        Write(invitee.KeyPackages, writer);
    }

    private static Invitee ReadInvitee(ref MlsReader reader) => new(reader.ReadVector().ToArray(), ReadAll(ref reader));

    private static void Write(IReadOnlyList<byte[]> all, MlsWriter writer)
    {
        writer.WriteUInt32((uint)all.Count);
        foreach (byte[] one in all)
        {
            writer.WriteVector(one);
        }
    }

    private static List<byte[]> ReadAll(ref MlsReader reader)
    {
        var all = new List<byte[]>();
        for (uint left = reader.ReadUInt32(); left > 0; left--)
        {
            all.Add(reader.ReadVector().ToArray());
        }

        return all;
    }
}
