using PulseMeet.E2E.Groups;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Somebody with the full stored state of a device, who tries every key in it.</summary>
internal sealed class ChatThief
{
    private readonly byte[] _epochs;
    private readonly byte[] _ratchets;
    private readonly Phone _owner;
    private readonly GroupDevice _device;

    public ChatThief(Phone owner)
    {
        _owner = owner;
        _device = owner.Device;
        (_epochs, _ratchets) = owner.State();
    }

    public Phone Owner => _owner;

    /// <summary>Whether the state, used as its owner would, or any key of its ratchets opens a message, whatever epoch it says.</summary>
    public bool Reads(byte[] message)
    {
        using PulseGroup state = PulseGroup.Deserialize(_epochs, _ratchets, _device, _owner.Clock);
        try
        {
            return state.Receive(message) is GroupMessageReceived;
        }
        catch (E2EException)
        {
            return !state.IsRemoved && OpensByForce(state.Mls.Current, message);
        }
    }

    private static bool OpensByForce(EpochState epoch, byte[] message)
    {
        try
        {
            MessageProtection.Open(
                epoch.Suite,
                MlsMessage.Decode<PrivateMessage>(message),
                epoch.Secrets.SenderData,
                epoch.Ratchets,
                _ => true,
                1000,
                out _);
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }
}
