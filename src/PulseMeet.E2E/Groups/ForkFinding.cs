using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The outcome of comparing two statements: docs/protocol-groups.md, "Forks".</summary>
/// <param name="Judgement">The outcome.</param>
/// <param name="Epoch">Where the lines part, as far as both remember; else how far the other is.</param>
/// <param name="Committer">Of <see cref="ForkJudgement.Overtaken"/>: whose commit parted them.</param>
internal sealed record ForkFinding(ForkJudgement Judgement, ulong Epoch, DeviceAddress? Committer = null)
{
    /// <summary>Judges what another member said.</summary>
    /// <param name="own">The epochs that this member remembers, the newest first.</param>
    /// <param name="unreadable">The commits that were passed over and may have been for others.</param>
    /// <param name="said">The statement.</param>
    /// <param name="speaker">Whose it is.</param>
    public static ForkFinding Between(
        IReadOnlyList<EpochMark> own, IReadOnlyList<UnreadableCommit> unreadable, ForkStatement said, DeviceAddress speaker)
    {
        bool shared = false;
        EpochMark? parted = null;
        foreach (EpochMark theirs in said.Marks)
        {
            if (own.FirstOrDefault(mark => mark.Epoch == theirs.Epoch) is { } mark)
            {
                shared = true;
                parted = mark.IsSameLine(theirs) ? parted : theirs;
            }
        }

        if (parted is not null)
        {
            return Overtaken(unreadable, parted, speaker) ?? new ForkFinding(ForkJudgement.Fork, parted.Epoch);
        }

        ulong newest = said.Marks[0].Epoch;
        if (newest > own[0].Epoch)
        {
            // Its last epochs may all be behind a commit that stood in front here.
            EpochMark? next = said.Marks.FirstOrDefault(mark => mark.Epoch == own[0].Epoch + 1);
            return next is not null && Overtaken(unreadable, next, speaker) is { } overtaken
                ? overtaken
                : new ForkFinding(ForkJudgement.Behind, newest);
        }

        return new ForkFinding(shared ? ForkJudgement.Agree : ForkJudgement.Unknown, newest);
    }

    private static ForkFinding? Overtaken(IReadOnlyList<UnreadableCommit> unreadable, EpochMark theirs, DeviceAddress speaker)
    {
        UnreadableCommit? passed = unreadable.FirstOrDefault(commit => PublicBytes.Equal(commit.Commit, theirs.Commit));
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
