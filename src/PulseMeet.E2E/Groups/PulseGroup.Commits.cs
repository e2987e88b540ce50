using System.Buffers.Binary;
using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>Changing a group: an intent becomes a commit, which waits to be taken, and is made anew when another one came first.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>How many generations of its own handshake ratchet a device that was rolled back passes over: far fewer than others let it be
    /// ahead (<see cref="GroupBounds.GenerationsAhead"/>), also where it is rolled back again.</summary>
    private const uint MaxSkipped = 256;

    private const uint MaxSkippedInAll = 600;

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

    /// <summary>Whether what waits, or is to be made anew, is about who reads what is said next: somebody is to be out, somebody is to read along,
    /// or keys that may have been seen are to be renewed. Nothing is sealed before it; before another name, other roles and rights, and keys that
    /// are renewed by time it is.</summary>
    public bool IsForWhatIsSaidNext => Unfinished is not null || (_pending is not null && (_suspected || _rolledBack || _pending.Intent switch
    {
        RenameIntent or RightsIntent or RoleIntent or UpdateIntent => TakesOut,
        BringIntent => !IsDuty || TakesOut,
        _ => true,
    }));

    /// <summary>Whether the waiting commit takes a device out: one that asked to leave goes with whatever is committed next, one that is no longer
    /// listed with its account's list.</summary>
    private bool TakesOut
    {
        get
        {
            RatchetTree next = _mls.Pending!.Next.Tree;
            return _mls.View.Tree.Members().Any(member => member.Index != _mls.Own
                && (next.Leaf(member.Index) is not { } leaf || !PublicBytes.Equal(leaf.Signature, member.Leaf.Signature)));
        }
    }

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

    /// <summary>The devices of an account out and in anew, as they are in the group now.</summary>
    public BringBackIntent BringBack(Invitee invitee) => new(
        invitee,
        [.. (Roster.Find(KnownList.FromStored(invitee.List).UserId)?.Devices ?? []).Select(device => Sha256.Hash(_mls.View.Tree.Leaf(device.Index)!.EncryptionKey))]);

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
        _isPreparedBefore = false;
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

    /// <summary>Whether a request to leave stands, of any device of an account.</summary>
    public bool IsAskedToLeave(string userId) => Leaving(_leaves.Select(leave => leave.Request)).Contains(userId);

    /// <summary>Whether every account in the group has asked to leave, so that nobody is there who could commit it.</summary>
    public bool IsAbandoned
    {
        get
        {
            HashSet<string> asked = Leaving(_leaves.Select(leave => leave.Request));
            return Roster.Accounts.All(account => asked.Contains(account.UserId));
        }
    }

    /// <summary>This device's keys may have been seen: they are renewed at once.</summary>
    public void Suspect() => _suspected = true;

    /// <summary>This device's store was rolled back, so that keys may already have been used: it renews them before it sends.</summary>
    /// <remarks>A commit that waits was in the copy, and may have been taken and used: it renews nothing.</remarks>
    public void MarkRolledBack()
    {
        _rolledBack = true;
        _isPreparedBefore = _pending is not null;
        PassOverUsed();
    }

    /// <summary>The commit that renews the keys is sealed in an epoch in which the later store may have committed or asked to leave: some
    /// generations are passed over, whose number is by chance, since the same copy may be put back twice.</summary>
    private void PassOverUsed()
    {
        Span<byte> random = stackalloc byte[2];
        Randomness.Fill(random);
        _mls.SkipHandshakes(1 + (BinaryPrimitives.ReadUInt16BigEndian(random) % MaxSkipped), MaxSkippedInAll);
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
