using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Groups;

/// <summary>Messages, and what else comes outside of the order of commits.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>Seals a message for all who are in the group in this epoch; its length is padded (<see cref="PaddingScheme.Default"/>).</summary>
    /// <exception cref="E2EException">This device was removed (<see cref="E2EError.MlsGroupClosed"/>), or a commit comes first
    /// (<see cref="E2EError.MlsCommitRequired"/>): somebody asked to leave, or this device was rolled back.</exception>
    public byte[] Seal(ReadOnlySpan<byte> content)
    {
        if (_rolledBack)
        {
            throw new E2EException(E2EError.MlsCommitRequired, "The store was rolled back.");
        }

        byte[] message = _mls.Seal(content, padding: PaddingScheme.Default.GetPaddedLength(content.Length) - content.Length);
        _sent++;
        return message;
    }

    /// <summary>Opens a message of this epoch or of one of the last, or a request to leave.</summary>
    /// <exception cref="E2EException">It is refused, and the state is as it was. A commit is: it has its place among the candidates
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public GroupReceived Receive(ReadOnlySpan<byte> message)
    {
        if (MlsMessage.Decode(message).Body is not PrivateMessage { Type: ContentType.Application or ContentType.Proposal })
        {
            throw new E2EException(E2EError.InvalidEncoding, "It is neither a message nor a request to leave.");
        }

        switch (_mls.Receive(message))
        {
            case ReceivedApplication application:
                PulseLeaf sender = PulseLeaf.Of(application.Leaf);
                return new GroupMessageReceived(
                    sender.Address, sender.AccountKey, application.Epoch, application.Generation, application.Content);
            case ReceivedProposal { Proposal: PrivateProposal leave } received:
                var request = LeaveRequest.Decode(leave.Data);
                if (!_leaves.Exists(known => Primitives.PublicBytes.Equal(known.Request.LeafHash, request.LeafHash)))
                {
                    _leaves.Add((request, Now()));
                }

                return new LeaveAsked(AddressOf(received.Sender.Index));
            default:
                throw new E2EException(E2EError.InvalidEncoding, "It is neither a message nor a request to leave.");
        }
    }
}
