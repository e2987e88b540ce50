using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The candidates of an epoch, in the relay's order: the first valid one is the group's. docs/protocol-groups.md, "Order".</summary>
internal sealed partial class PulseGroup
{
    /// <summary>How many commits are remembered that may have been for others: as many as the relay takes of one account in an epoch, 4 of each of 64
    /// devices, so that what stands behind one lets it not be forgotten.</summary>
    private const int MaxUnreadable = 256;

    /// <summary>Takes the first valid candidate of the current epoch.</summary>
    /// <param name="candidates">In the relay's order, from the place on that was not looked at yet.</param>
    /// <returns>At most one is taken; those behind it are of no more use.</returns>
    /// <exception cref="E2EException">This device was removed (<see cref="E2EError.MlsGroupClosed"/>).</exception>
    /// <remarks>What is too long is not read. All else costs at most one look: whether it opens, whose it is, and what it would make of
    /// a copy of the tree; the relay bounds how many a sender has.</remarks>
    public CandidateOutcome TakeCandidates(IReadOnlyList<ReadOnlyMemory<byte>> candidates)
    {
        ulong epoch = _mls.Epoch;
        var passed = new List<PassedOver>();
        var unreadable = new List<UnreadableCommit>();
        for (int place = 0; place < candidates.Count; place++)
        {
            ReadOnlySpan<byte> candidate = candidates[place].Span;
            try
            {
                Taken taken = Take(candidate);
                return new CandidateOutcome
                {
                    Taken = place,
                    WasOwn = taken.WasOwn,
                    Committer = taken.Committer,
                    Changes = taken.Changes,
                    PassedOver = passed,
                    Unreadable = unreadable,
                };
            }
            catch (E2EException exception)
            {
                Telemetry.CommitPassedOver(exception.Reason);
                passed.Add(new PassedOver(place, exception.Reason));
                if (MayBeForOthers(exception))
                {
                    unreadable.Add(new UnreadableCommit(epoch, Sha256.Hash(candidate), Committer(candidate, exception)));
                    if (_rolledBack && exception.Reason == E2EError.MlsPathUnreadable && unreadable[^1].Committer == _device.Address)
                    {
                        // Its own, as its signature says, of a later state than this one: the others follow it, and whatever is behind it would be a
                        // line of its own.
                        break;
                    }
                }
            }
        }

        Remember(unreadable, epoch);
        return new CandidateOutcome { PassedOver = passed, Unreadable = unreadable };

        Taken Take(ReadOnlySpan<byte> candidate)
        {
            RequireCommit(candidate);
            GroupShape before = _shape;
            RatchetTree tree = _mls.View.Tree;
            uint own = _mls.Own;
            HashSet<string> asked = Leaving(_leaves.Select(leave => leave.Request));
            var received = (ReceivedCommit)_mls.Receive(candidate);
            DeviceListBook lists = received.WasOwn ? _pending!.Lists : _policy.Outcome!;
            GroupView after = received.View?.After ?? _mls.View;
            uint committer = received.View?.Committer ?? own;
            bool isExternal = received.View?.IsExternal == true;
            DeviceAddress by = PulseLeaf.Of((isExternal ? after.Tree : tree).Leaf(committer)!).Address;
            HashSet<string> leaving = received.View is { } view ? LeavingIn(view, before.Roster) : asked;
            Remember(unreadable, epoch);
            Telemetry.CommitTaken(received.WasOwn, isRebase: _pending is not null && !received.WasOwn);
            Enter(tree, after, lists, received.WasOwn, Sha256.Hash(candidate));
            return new Taken(received.WasOwn, by, GroupChange.Between(before, _shape, by, isExternal, leaving, BroughtBack(tree, after.Tree)));
        }
    }

    /// <summary>Devices that were in the group and are in it anew, by somebody else's commit.</summary>
    private static HashSet<DeviceAddress> BroughtBack(RatchetTree before, RatchetTree after)
    {
        Dictionary<DeviceAddress, LeafNode> fresh = after.Members().Where(member => member.Leaf.Source == LeafNodeSource.KeyPackage)
            .ToDictionary(member => PulseLeaf.Of(member.Leaf).Address, member => member.Leaf);
        return fresh.Count == 0 ? [] : [.. before.Members()
            .Where(member => fresh.TryGetValue(PulseLeaf.Of(member.Leaf).Address, out LeafNode? leaf) && !PublicBytes.Equal(leaf.Signature, member.Leaf.Signature))
            .Select(member => PulseLeaf.Of(member.Leaf).Address)];
    }

    /// <summary>The users of requests to leave that are good in this epoch.</summary>
    private HashSet<string> Leaving(IEnumerable<LeaveRequest> requests) =>
        [.. requests.Select(request => request.FindLeaf(Suite, _mls.View)).OfType<uint>().Select(leaf => AddressOf(leaf).UserId)];

    /// <summary>The users who had asked to leave, by the requests that a commit carries.</summary>
    private HashSet<string> LeavingIn(CommitView commit, Roster before) =>
    [
        .. commit.Proposals.Select(entry => entry.Proposal).OfType<PrivateProposal>()
            .Where(proposal => proposal.Type == GroupNumbers.LeaveProposal)
            .Select(proposal => LeaveRequest.Decode(proposal.Data).FindLeaf(Suite, commit.Before))
            .OfType<uint>().Select(leaf => before.At(leaf)!.Address.UserId),
    ];

    private void Enter(RatchetTree before, GroupView after, DeviceListBook lists, bool wasOwn, byte[] commit)
    {
        _shape = new GroupShape(PulseData.Of(after.Context.Extensions), Roster.Of(after.Tree), lists);
        _policy.Lists = lists;
        if (_pending is not null)
        {
            Unfinished = wasOwn && !_pending.IsPartial ? null : _pending.Intent;
            _pending = null;
        }

        if (_mls.IsRemoved)
        {
            Unfinished = null;
            _leaves.Clear();
            return;
        }

        _leaves.RemoveAll(leave => leave.Request.FindLeaf(Suite, after) is null);
        _ages.Enter(before, after.Tree, Now());
        Mark(commit);
        if (wasOwn)
        {
            _sent = 0;
            _suspected = false;
            _rolledBack &= _isPreparedBefore;
        }

        _isPreparedBefore = false;
        if (_rolledBack)
        {
            PassOverUsed();
        }
    }

    /// <summary>C4: a member's commit is private, so that the relay sees neither who nor what; a joiner's cannot be.</summary>
    private static void RequireCommit(ReadOnlySpan<byte> candidate)
    {
        if (candidate.Length > GroupLimits.MaxCommitSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "A candidate is too long.");
        }

        bool isCommit = MlsMessage.Decode(candidate).Body switch
        {
            PrivateMessage message => message.Type == ContentType.Commit,
            PublicMessage message => message.Content.Content is { Type: ContentType.Commit, Sender.Type: SenderType.NewMemberCommit },
            _ => false,
        };
        if (!isCommit)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A candidate is no commit.");
        }
    }

    /// <summary>A path that does not open for this member, or a key of the sender's that this member has used up or cannot reach: all
    /// else that is refused is refused by everyone.</summary>
    private static bool MayBeForOthers(E2EException exception) =>
        exception.Reason is E2EError.MlsPathUnreadable or E2EError.DuplicateMessage or E2EError.TooFarAhead;

    private DeviceAddress? Committer(ReadOnlySpan<byte> candidate, E2EException exception)
    {
        if (MlsMessage.Decode(candidate).Body is PublicMessage { Content.Content.Commit.Path: { } path })
        {
            return PulseLeaf.Of(path.Leaf).Address;
        }

        return exception.Data["mls.committer"] is uint leaf ? AddressOf(leaf) : null;
    }

    private void Remember(List<UnreadableCommit> unreadable, ulong epoch)
    {
        foreach (UnreadableCommit commit in unreadable)
        {
            if (!_unreadable.Exists(known => PublicBytes.Equal(known.Commit, commit.Commit)))
            {
                _unreadable.Add(commit);
            }
        }

        _unreadable.RemoveAll(commit => commit.Epoch + GroupLimits.StatementEpochs < epoch);
        FairShare.Keep(_unreadable, MaxUnreadable, commit => commit.Committer?.UserId);
    }

    private sealed record Taken(bool WasOwn, DeviceAddress Committer, IReadOnlyList<GroupChange> Changes);
}
