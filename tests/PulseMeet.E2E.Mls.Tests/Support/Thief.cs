namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Somebody with the full stored state of a member, who tries every key in it.</summary>
internal sealed class Thief
{
    private readonly byte[] _epochs;
    private readonly byte[] _ratchets;
    private readonly Member _owner;

    public Thief(Member member)
    {
        _owner = member;
        _epochs = member.Group.SerializeEpochs();
        _ratchets = member.Group.SerializeRatchets();
    }

    /// <summary>The stolen state, as often as it is wanted.</summary>
    public MlsGroup State => MlsGroup.Deserialize(_epochs, _ratchets, _owner.Services);

    /// <summary>Whether the state, used as its owner would, or any key of its ratchets and its sender data, opens a message.</summary>
    public bool Reads(byte[] message)
    {
        try
        {
            return State.Receive(message) is ReceivedApplication;
        }
        catch (E2EException)
        {
            return OpensByForce(MlsMessage.Decode<PrivateMessage>(message));
        }
    }

    /// <summary>Whether any private key of the state opens any path secret of a public commit.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="provisional">The right context, which a thief may know.</param>
    public bool OpensPath(byte[] commit, GroupContext provisional)
    {
        UpdatePath path = MlsMessage.Decode<PublicMessage>(commit).Content.Content.Commit!.Path!;
        EpochState epoch = State.Current;
        return path.Nodes.SelectMany(node => node.EncryptedPathSecrets).Any(sealedSecret => epoch.Keys.ByNode.Values.Any(key =>
            epoch.Suite.DecryptWithLabel(key, "UpdatePathNode"u8, provisional.Encoded, sealedSecret) is not null));
    }

    /// <summary>The message under every epoch's keys that the state has, whatever epoch it says.</summary>
    private bool OpensByForce(PrivateMessage message)
    {
        MlsGroup state = State;
        if (state.IsRemoved)
        {
            return false;
        }

        EpochState epoch = state.Current;
        try
        {
            MessageProtection.Open(epoch.Suite, message, epoch.Secrets.SenderData, epoch.Ratchets, _ => true, 1000, out _);
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }
}
