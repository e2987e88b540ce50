using PulseMeet.E2E.Identity;
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

        bool shared = false;
        EpochMark? parted = null;
        foreach (EpochMark theirs in said.Marks)
        {
            if (_marks.Find(mark => mark.Epoch == theirs.Epoch) is { } own)
            {
                shared = true;
                parted = own.IsSameLine(theirs) ? parted : theirs;
            }
        }

        if (parted is not null)
        {
            return Parted(parted, speaker);
        }

        ulong newest = said.Marks[0].Epoch;
        if (newest > _marks[0].Epoch)
        {
            // Its last epochs may all be behind a commit that stood in front here.
            EpochMark? next = said.Marks.FirstOrDefault(mark => mark.Epoch == _marks[0].Epoch + 1);
            return next is not null && Overtaken(next, speaker) is { } overtaken
                ? overtaken
                : new ForkFinding(ForkJudgement.Behind, newest);
        }

        return new ForkFinding(shared ? ForkJudgement.Agree : ForkJudgement.Unknown, newest);
    }

    /// <summary>Whether nothing but what the relay gave keeps this member from following: nothing of this epoch was passed over that may be
    /// for others. A device that was rolled back may, too: it reads as before, and renews its keys before it seals.</summary>
    public bool MayFollow => !_unreadable.Exists(commit => commit.Epoch == Epoch);

    private ForkFinding Parted(EpochMark theirs, DeviceAddress speaker) =>
        Overtaken(theirs, speaker) ?? new ForkFinding(ForkJudgement.Fork, theirs.Epoch);

    private ForkFinding? Overtaken(EpochMark theirs, DeviceAddress speaker)
    {
        UnreadableCommit? passed = _unreadable.Find(commit => PublicBytes.Equal(commit.Commit, theirs.Commit));
        if (passed is { Committer: null })
        {
            // Refused before anything was verified: it may be the speaker's own, whose word alone would make this member go.
            return new ForkFinding(ForkJudgement.Fork, theirs.Epoch);
        }

        // The committer's own word is none: it alone would be on that line.
        return passed is not null && passed.Committer!.UserId != speaker.UserId
            ? new ForkFinding(ForkJudgement.Overtaken, theirs.Epoch, passed.Committer)
            : null;
    }
}
