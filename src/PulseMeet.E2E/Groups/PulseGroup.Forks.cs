using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>Whether another member is on the same line.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>What this member says of the line that it is on, to be sent inside pairwise sessions: at intervals, and at once when
    /// messages of an epoch do not open or a commit did not.</summary>
    public byte[] Statement() => new ForkStatement(Id.ToArray(), _marks).Encode();

    /// <summary>Judges what another member said.</summary>
    /// <param name="statement">The statement, out of a pairwise session.</param>
    /// <param name="speaker">Whose session that is.</param>
    /// <exception cref="E2EException">Malformed, or of another group (<see cref="E2EError.MlsWrongGroup"/>).</exception>
    public ForkFinding Judge(ReadOnlySpan<byte> statement, DeviceAddress speaker)
    {
        ForkStatement said = ForkStatement.Decode(statement);
        if (!PublicBytes.Equal(said.GroupId, Id))
        {
            throw new E2EException(E2EError.MlsWrongGroup);
        }

        return ForkFinding.Between(_marks, _unreadable, said, speaker);
    }

    /// <summary>Whether an epoch that another member names is on this one's line; null where this member does not remember it, or has not
    /// reached it.</summary>
    public bool? Knows(EpochMark theirs) => _marks.FirstOrDefault(mark => mark.Epoch == theirs.Epoch)?.IsSameLine(theirs);

    /// <summary>Whether this member was in an epoch, by the SHA-256 of its authenticator.</summary>
    public bool WasIn(ReadOnlySpan<byte> authenticator)
    {
        foreach (EpochMark mark in _marks)
        {
            if (PublicBytes.Equal(mark.Authenticator, authenticator))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a group info is of this epoch of this line, and signed by a member, so that whoever comes in by it is where this one
    /// is.</summary>
    /// <exception cref="E2EException">It is malformed, or the group takes no joins (<see cref="E2EError.GroupJoinRefused"/>).</exception>
    public bool LeadsHere(ReadOnlySpan<byte> groupInfo)
    {
        GroupInfo shown = MlsMessage.Decode<GroupInfo>(groupInfo);
        GroupInfo own = MlsMessage.Decode<GroupInfo>(GroupInfo());
        return PublicBytes.Equal(Encode(shown.Context), Encode(own.Context))
            && PublicBytes.Equal(shown.ConfirmationTag, own.ConfirmationTag)
            && PublicBytes.Equal(ExternalKey(shown), ExternalKey(own))
            && _mls.View.Tree.Leaf(shown.Signer) is { } signer
            && shown.IsSignatureValid(Suite, signer.SignatureKey);

        static byte[] Encode(GroupContext context)
        {
            using var writer = new MlsWriter(1024);
            context.Write(writer);
            return writer.ToArray();
        }

        static byte[] ExternalKey(GroupInfo info) =>
            info.Extensions.Find(ExtensionType.ExternalPub)?.Data.ToArray() ?? [];
    }

    /// <summary>Whether nothing but what the relay gave keeps this member from following: nothing of this epoch was passed over that may be
    /// for others. A device that was rolled back may, too: it reads as before, and renews its keys before it seals.</summary>
    public bool MayFollow => !_unreadable.Exists(commit => commit.Epoch == Epoch);
}
