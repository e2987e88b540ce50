using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>An intent as proposals for the current epoch, with all that has to go with them.</summary>
/// <remarks>What comes out is judged like any other commit when it is made; this only puts it together.</remarks>
internal sealed class CommitPlan
{
    private readonly GroupView _view;
    private readonly GroupShape _shape;
    private readonly GroupDevice _device;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<string, KnownList> _brought = new(StringComparer.Ordinal);
    private readonly HashSet<uint> _removed = [];
    private readonly List<KeyPackage> _added = [];
    private readonly List<LeaveRequest> _leaves = [];
    private Func<PulseData, PulseData> _change = data => data;

    private CommitPlan(GroupView view, GroupShape shape, GroupDevice device, DateTimeOffset now)
    {
        _view = view;
        _shape = shape;
        _device = device;
        _now = now;
    }

    /// <returns>Null where the group is as the intent wants it.</returns>
    /// <exception cref="E2EException">The intent makes no sense in this group as it is.</exception>
    public static IReadOnlyList<Proposal>? Of(
        GroupIntent intent,
        GroupView view,
        GroupShape shape,
        GroupDevice device,
        IEnumerable<LeaveRequest> leaves,
        DateTimeOffset now)
    {
        var plan = new CommitPlan(view, shape, device, now);
        plan.Cover(leaves);
        return plan.Want(intent) ? plan.Proposals() : null;
    }

    /// <summary>Who asked to leave goes, but for the own account: that one another member removes.</summary>
    private void Cover(IEnumerable<LeaveRequest> leaves)
    {
        MlsSuite suite = MlsSuite.Get(_view.Context.Suite);
        foreach (LeaveRequest leave in leaves)
        {
            if (leave.FindLeaf(suite, _view) is { } index
                && _shape.Roster.At(index)!.Address.UserId is { } user
                && user != _device.Address.UserId)
            {
                _leaves.Add(leave);
                RemoveAll(user);
            }
        }
    }

    private bool Want(GroupIntent intent)
    {
        switch (intent)
        {
            case BringIntent bring:
                return bring.Invitees.Aggregate(false, (any, invitee) => Bring(invitee) || any);
            case BringBackIntent back:
                return BringBack(back);
            case RemoveIntent remove:
                return RemoveAll(remove.UserId);
            case RemoveDeviceIntent remove:
                return RemoveSilent(remove);
            case RenameIntent rename:
                _change = data => data with { Name = rename.Name };
                return _shape.Data.Name != rename.Name;
            case RightsIntent rights:
                _change = data => data with { Rights = rights.Rights };
                return _shape.Data.Rights != rights.Rights;
            case RoleIntent role when role.UserId == _shape.Data.Creator && role.Role != GroupRole.Creator:
                throw new E2EException(E2EError.GroupNotAllowed, "The creator hands the group over to somebody else.");
            case RoleIntent role when role.Role != GroupRole.Member && IsLeaving(role.UserId):
                throw new E2EException(E2EError.UnknownDevice, "The user has asked to leave.");
            case RoleIntent role:
                _change = data => RoleChange.Apply(data, role);
                return _shape.Roster.Find(role.UserId) is not null && _shape.Data.RoleOf(role.UserId) != role.Role;
            default:
                return true;
        }
    }

    private bool Bring(Invitee invitee)
    {
        var list = KnownList.Verify(invitee.List);
        KnownList? known = _shape.Lists.Find(list.UserId);
        if (IsLeaving(list.UserId))
        {
            return false;
        }

        bool isSame = known is not null && known.IsSameAccount(list.AccountKey);
        if (isSame && known!.Number >= list.Number)
        {
            return Add(known, invitee.KeyPackages);
        }

        if (isSame)
        {
            RemoveUnlisted(list);
        }
        else
        {
            // An account that was reset: the old one goes as a whole.
            RemoveAll(list.UserId);
        }

        bool added = Add(list, invitee.KeyPackages);
        if (!added && !isSame)
        {
            return false;
        }

        _brought[list.UserId] = list;
        return true;
    }

    /// <summary>Each device that a key package is there for goes and comes, as long as its leaf is the one that is meant.</summary>
    private bool BringBack(BringBackIntent back)
    {
        var list = KnownList.Verify(back.Invitee.List);
        if (IsLeaving(list.UserId) || _shape.Roster.Find(list.UserId) is not { } there || !list.IsSameAccount(there.AccountKey))
        {
            throw new E2EException(E2EError.UnknownDevice, "The user is not in the group, or under another account key.");
        }

        KnownList known = _shape.Lists.Find(list.UserId)!;
        KnownList newest = known.Number >= list.Number ? known : list;
        HashSet<string> hashes = [.. back.KeyHashes.Select(Convert.ToHexString)];
        List<byte[]> keyPackages = [];
        bool isMeant = false;
        foreach (byte[] encoded in back.Invitee.KeyPackages)
        {
            KeyPackage keyPackage = MlsMessage.Decode<KeyPackage>(encoded);
            PulseLeaf coming = PulseLeaf.Of(keyPackage.Leaf);
            foreach ((uint index, PulseLeaf leaf) in there.Devices.Where(device => PublicBytes.Equal(device.Leaf.Client, coming.Client)))
            {
                if (leaf.Address == _device.Address || !hashes.Contains(Convert.ToHexString(Sha256.Hash(_view.Tree.Leaf(index)!.EncryptionKey))))
                {
                    continue;
                }

                // Nobody goes who could not come: this one may have waited for the relay, or the clock was set.
                isMeant = true;
                if (IsGood(newest, keyPackage, coming))
                {
                    _removed.Add(index);
                    keyPackages.Add(encoded);
                }
            }
        }

        if (keyPackages.Count == 0)
        {
            return isMeant ? throw new E2EException(E2EError.UnknownDevice, "The devices' key packages are no longer good.") : false;
        }

        // A newer list goes along, and what follows from it.
        return Bring(back.Invitee with { KeyPackages = keyPackages });
    }

    private bool IsLeaving(string userId) => _leaves.Count > 0
        && _shape.Roster.Find(userId) is { } leaver
        && leaver.Devices.All(device => _removed.Contains(device.Index));

    private bool Add(KnownList list, IReadOnlyList<byte[]> keyPackages)
    {
        bool any = false;
        RosterAccount? there = _shape.Roster.Find(list.UserId);
        foreach (byte[] encoded in keyPackages)
        {
            KeyPackage keyPackage = MlsMessage.Decode<KeyPackage>(encoded);
            PulseLeaf leaf = PulseLeaf.Of(keyPackage.Leaf);

            // No good one, or of a device that is there already: passed over.
            bool fits = IsGood(list, keyPackage, leaf)
                && !_added.Exists(other => PublicBytes.Equal(PulseLeaf.Of(other.Leaf).Client, leaf.Client))
                && (there is null || !there.Devices.Any(device =>
                    !_removed.Contains(device.Index) && PublicBytes.Equal(device.Leaf.Client, leaf.Client)));
            if (fits)
            {
                _added.Add(keyPackage);
                any = true;
            }
        }

        return any;
    }

    /// <summary>Not of another suite, another account, a device that is not listed, or out of its time.</summary>
    private bool IsGood(KnownList list, KeyPackage keyPackage, PulseLeaf leaf) =>
        keyPackage.Suite == _view.Context.Suite && keyPackage.Leaf.Lifetime.Contains(_now) && list.Has(leaf) && list.Allows(leaf.List);

    private bool RemoveAll(string userId)
    {
        foreach ((uint index, _) in _shape.Roster.Find(userId)?.Devices ?? [])
        {
            _removed.Add(index);
        }

        return _shape.Roster.Find(userId) is not null;
    }

    private bool RemoveSilent(RemoveDeviceIntent intent)
    {
        foreach ((uint index, PulseLeaf leaf) in _shape.Roster.Find(intent.Device.UserId)?.Devices ?? [])
        {
            if (leaf.Address == intent.Device
                && PublicBytes.Equal(Sha256.Hash(_view.Tree.Leaf(index)!.EncryptionKey), intent.KeyHash))
            {
                return _removed.Add(index);
            }
        }

        return false;
    }

    private List<Proposal> Proposals()
    {
        BringOwnList();

        // RFC 9420, section 12.2: nobody can commit their own removal. The account asks to leave; a device that its list knows under
        // other keys joins anew by another one's commit.
        if (_removed.Any(index => _shape.Roster.At(index)!.Address == _device.Address))
        {
            throw new E2EException(E2EError.GroupNotAllowed, "Nobody commits their own removal.");
        }

        List<Proposal> proposals =
        [
            .. _leaves.Select(leave => leave.ToProposal()),
            .. _brought.Values.Select(list => new PrivateProposal(GroupNumbers.DeviceListProposal, list.Encoded.ToArray())),
            .. _removed.Order().Select(index => new RemoveProposal(index)),
            .. _added.Select(keyPackage => new AddProposal(keyPackage)),
        ];
        PulseData data = Outcome(proposals);
        if (!PublicBytes.Equal(data.Encode(), _shape.Data.Encode()))
        {
            proposals.Add(new GroupContextExtensionsProposal(data.ToExtensions()));
        }

        return proposals;
    }

    /// <summary>The own account's list goes along where the group does not know it yet: the committer's new leaf names it.</summary>
    private void BringOwnList()
    {
        if (_shape.Lists.Find(_device.Address.UserId) is { } known && known.Number < _device.List.Number)
        {
            _brought.TryAdd(_device.Address.UserId, _device.List);
            RemoveUnlisted(_brought[_device.Address.UserId]);
        }
    }

    private void RemoveUnlisted(KnownList list)
    {
        foreach ((uint index, PulseLeaf leaf) in _shape.Roster.Find(list.UserId)?.Devices ?? [])
        {
            if (!list.Has(leaf))
            {
                _removed.Add(index);
            }
        }
    }

    private PulseData Outcome(List<Proposal> proposals)
    {
        CommittedProposal[] list = [.. proposals.Select(proposal => new CommittedProposal(proposal, default, null))];
        Roster after = Roster.Of(AppliedProposals.Apply(_view, list).Tree);
        var lists = new DeviceListBook(after.Accounts
            .Select(account => _brought.GetValueOrDefault(account.UserId) ?? _shape.Lists.Find(account.UserId))
            .OfType<KnownList>());
        PulseData remaining = DataRights.Remaining(_shape.Data, _shape.Roster, after);
        return _change(remaining) with { ListsHash = lists.Hash };
    }
}
