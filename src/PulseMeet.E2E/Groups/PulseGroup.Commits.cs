using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>Changing a group: an intent becomes a commit, which waits to be taken, and is made anew when another one came first.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>The commit that waits to be taken; null where none does.</summary>
    public PreparedCommit? Prepared => _pending is null ? null : Whole(_mls.Pending!, _pending.Lists);

    /// <summary>Whether a commit waits to be taken.</summary>
    public bool HasPrepared => _pending is not null;

    /// <summary>Whether what waits, or is to be made anew, is a duty alone: nobody asked for it.</summary>
    public bool IsDuty => (_pending?.Intent ?? Unfinished) switch
    {
        UpdateIntent or RemoveDeviceIntent => true,
        BringIntent bring => bring.Invitees.All(invitee => Roster.Find(KnownList.FromStored(invitee.List).UserId) is not null),
        _ => false,
    };

    /// <summary>Makes the commit of an intent. It waits from then on: store, offer, and bring the epoch's candidates. Who is too many
    /// for one commit comes in several: the rest is <see cref="Unfinished"/> when the first is taken.</summary>
    /// <returns>Null where the group is as the intent wants it.</returns>
    /// <exception cref="InvalidOperationException">Another one waits.</exception>
    /// <exception cref="E2EException">This device's role does not allow it (<see cref="E2EError.GroupNotAllowed"/>), the group's rules
    /// refuse it, or it would be too long (<see cref="E2EError.LimitExceeded"/>): nothing waits then.</exception>
    public PreparedCommit? Prepare(GroupIntent intent)
    {
        if (_pending is not null)
        {
            throw new InvalidOperationException("A commit waits to be taken: its candidates come first.");
        }

        using Activity? activity = Telemetry.CommitBegins();
        try
        {
            if (Fit(intent) is not { } part)
            {
                return null;
            }

            _pending = new PendingChange(intent, _policy.Outcome!, !ReferenceEquals(part, intent));
            return Prepared;
        }
        catch (E2EException refused) when (Telemetry.CommitFailed(activity, refused.Reason))
        {
            throw;
        }
    }

    /// <summary>Makes the commit of as much of an intent as fits into one.</summary>
    /// <returns>That much of it; null where nothing is to be done.</returns>
    private GroupIntent? Fit(GroupIntent intent)
    {
        IReadOnlyList<Proposal>? proposals = CommitPlan.Of(
            intent, _mls.View, _shape, _device, _leaves.Select(leave => leave.Request), _time.GetUtcNow());
        if (proposals is null)
        {
            return null;
        }

        PendingCommit pending = _mls.CreateCommit(new CommitRequest
        {
            Proposals = proposals,
            CoverReceived = false,
            Leaf = _device.Client.LeafContent([]),
            SignatureKey = _device.Client.SignatureKey,
            AllowExternalJoin = true,
        });
        if (pending.Commit.Length <= GroupLimits.MaxCommitSize)
        {
            return intent;
        }

        _mls.DropPending();
        (BringIntent first, BringIntent second) = (intent as BringIntent)?.Halves()
            ?? throw new E2EException(E2EError.LimitExceeded, "The commit is longer than others would read.");

        // The first half may be done already.
        return Fit(first) ?? Fit(second);
    }

    /// <summary>Makes what lost, or what is left of it, anew, for the epoch as it is now.</summary>
    /// <returns>Null where nothing is left to do.</returns>
    /// <exception cref="E2EException">It is not allowed, or makes no sense, any more; it is not tried again.</exception>
    public PreparedCommit? Rebase()
    {
        if (Unfinished is not { } intent)
        {
            return null;
        }

        Unfinished = null;
        return Prepare(intent);
    }

    /// <summary>The waiting commit was never offered, and is given up. One that was offered may be taken: it waits for its
    /// candidates.</summary>
    public void Abandon()
    {
        _mls.DropPending();
        _pending = null;
        Unfinished = null;
    }

    /// <summary>Asks to leave, with all devices of the account: whoever commits next removes them.</summary>
    /// <returns>The message for the group.</returns>
    public byte[] AskToLeave()
    {
        EpochState epoch = _mls.Current;
        LeaveRequest request = LeaveRequest.Sign(Suite, epoch.Context, epoch.OwnLeaf, epoch.SignatureKey);
        byte[] message = _mls.Propose(request.ToProposal());
        _leaves.Add((request, Now()));
        return message;
    }

    /// <summary>This device's keys may have been seen: they are renewed at once.</summary>
    public void Suspect() => _suspected = true;

    /// <summary>This device's store was rolled back, so that keys may already have been used: it renews them before it sends.</summary>
    /// <remarks>A commit that waits is given up: whether it was taken before the store was put back, and its keys were used since, nobody
    /// knows.</remarks>
    public void MarkRolledBack()
    {
        if (_pending is not null)
        {
            _mls.DropPending();
            _pending = null;
        }

        _rolledBack = true;
    }

    private PreparedCommit Whole(PendingCommit pending, DeviceListBook lists)
    {
        RatchetTree tree = pending.Next.Tree;
        RatchetTree before = _mls.View.Tree;
        PulseData data = PulseData.Of(pending.Next.Context.Extensions);
        Roster after = Roster.Of(tree);
        return new PreparedCommit(
            _mls.Epoch,
            pending.Commit,
            [.. pending.Welcomes.Select(welcome => new GroupWelcome(PulseLeaf.Of(tree.Leaf(welcome.Leaf)!).Address, welcome.Message))],
            [.. before.Members()
                .Select(member => PulseLeaf.Of(member.Leaf).Address)
                .Where(address => after.Find(address.UserId)?.Devices.Any(device => device.Leaf.Address == address) != true)],
            data.Rights.ExternalJoin ? pending.GroupInfo : [],
            new GroupSnapshot(lists, tree.Encode()).Encode());
    }
}
