using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A chat as Carol joins it by what <see cref="ChatOfThree"/> has written into a vector.</summary>
internal sealed class CarolsChat : IDisposable
{
    private readonly DeviceIdentity _identity;
    private readonly GroupDevice _device;

    private CarolsChat(DeviceIdentity identity, GroupDevice device, PulseGroup chat, DeviceAddress inviter)
    {
        _identity = identity;
        _device = device;
        Chat = chat;
        Inviter = inviter;
    }

    public PulseGroup Chat { get; }

    public DeviceAddress Inviter { get; }

    public static CarolsChat Join(JsonObject vector)
    {
        DeviceIdentity identity = DeviceIdentity.Deserialize(Bytes(vector, "device"));
        var device = new GroupDevice(identity, DeviceList.Decode(Bytes(vector, "device_list")));
        using var keys = new KeyPackageKeys(
            MlsMessage.Decode<KeyPackage>(Bytes(vector, "key_package")),
            MlsSecret.CopyOf(Bytes(vector, "init_private")),
            MlsSecret.CopyOf(Bytes(vector, "leaf_private")),
            device.Client.SignatureKey.Copy());
        PulseGroup chat = PulseGroup.Join(
            Bytes(vector, "welcome"), keys, device, Bytes(vector, "snapshot"), _ => false, _ => null, ChatOfThree.Clock, out DeviceAddress inviter);
        return new CarolsChat(identity, device, chat, inviter);
    }

    public void Dispose()
    {
        Chat.Dispose();
        _device.Dispose();
        _identity.Dispose();
    }
}
