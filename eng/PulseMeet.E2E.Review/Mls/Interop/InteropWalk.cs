using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>A group of members of both implementations, and random steps in it. After each step all members agree on the
/// epoch, its authenticator and an exported secret.</summary>
internal sealed class InteropWalk(TsMlsProcess process, int suite, int seed)
{
    private const int MostMembers = 10;
    private const string KnownFault = "must list leaf node in its unmerged_leaves";

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private List<IInteropMember> _members = [];
    private int _named;

    public IReadOnlyDictionary<string, int> Counts => _counts;

    public void Run(int steps)
    {
        IInteropMember creator = New();
        byte[] groupId = new byte[16];
        _random.NextBytes(groupId);
        creator.Create(groupId);
        _members = [creator];
        Add(3);
        (string Name, Action Step)[] kinds =
        [
            ("add", () => Add(1 + _random.Next(2))),
            ("remove", Remove),
            ("remove by reference", RemoveByReference),
            ("commit without proposals", () => Commit(Any(), [], [], [])),
            ("update proposal", Update),
            ("external join", () => JoinExternally(null)),
            ("external rejoin", () => JoinExternally(Any())),
            ("pre-shared key", PreSharedKey),
            ("messages out of order", Talk),
            ("messages out of order", Talk),
        ];
        for (int step = 0; step < steps; step++)
        {
            (string name, Action act) = kinds[_random.Next(kinds.Length)];
            try
            {
                act();
                Agree();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"suite {suite}, seed {seed}, step {step}, {name}: {exception.Message}", exception);
            }

            _counts[name] = _counts.GetValueOrDefault(name) + 1;
        }
    }

    private IInteropMember New()
    {
        string name = $"member-{suite}-{seed}-{_named++}";
        return (_named + seed) % 2 == 0 ? new OurMember(name, MlsSuite.Get((ushort)suite)) : new TheirMember(process, name, suite);
    }

    private IInteropMember Any() => _members[_random.Next(_members.Count)];

    private IInteropMember AnyBut(params IInteropMember[] others)
    {
        IInteropMember[] rest = [.. _members.Except(others)];
        return rest[_random.Next(rest.Length)];
    }

    private void Add(int count)
    {
        if (_members.Count + count > MostMembers)
        {
            Remove();
            return;
        }

        IInteropMember[] joiners = [.. Enumerable.Range(0, count).Select(_ => New())];
        IReadOnlyList<byte[]> welcomes = Commit(Any(), [.. joiners.Select(joiner => joiner.KeyPackage())], [], []);
        bool refused = false;
        for (int i = 0; i < joiners.Length; i++)
        {
            if (TryJoin(() => joiners[i].Join(welcomes[i])))
            {
                _members.Add(joiners[i]);
            }
            else
            {
                refused = true;
            }
        }

        if (refused)
        {
            Commit(Ours(), [], [.. Ours().Leaves().Except(_members.Select(member => member.Where().Leaf))], []);
        }
    }

    /// <summary>ts-mls 1.6.4 refuses some trees whose unmerged leaves are right (RFC 9420, 12.4.3.1): where it does so, and this
    /// library finds nothing wrong with the tree, the joiner is removed again, and it is counted.</summary>
    private bool TryJoin(Action join)
    {
        try
        {
            join();
            return true;
        }
        catch (InvalidOperationException exception) when (exception.Message.Contains(KnownFault, StringComparison.Ordinal))
        {
            Ours().ValidateTree();
            _counts["tree refused by ts-mls alone"] = _counts.GetValueOrDefault("tree refused by ts-mls alone") + 1;
            return false;
        }
    }

    /// <summary>The one at leaf 0, who stays: where the root is not in the filtered direct path, because the left half of the tree
    /// is empty, ts-mls 1.6.4 has another commit secret than the one above the path's last secret (RFC 9420, 12.4.2).</summary>
    private IInteropMember First() => _members.First(member => member.Where().Leaf == 0);

    private OurMember Ours() => _members.OfType<OurMember>().First();

    private void Remove()
    {
        if (_members.Count > 3)
        {
            IInteropMember committer = Any();
            IInteropMember removed = AnyBut(committer, Ours(), First());
            uint leaf = removed.Where().Leaf;
            _members.Remove(removed);
            Commit(committer, [], [leaf], []);
        }
    }

    private void RemoveByReference()
    {
        if (_members.Count > 3)
        {
            IInteropMember proposer = Any();
            IInteropMember removed = _random.Next(3) == 0 && proposer != Ours() && proposer != First()
                ? proposer
                : AnyBut(proposer, Ours(), First());
            byte[] proposal = proposer.ProposeRemove(removed.Where().Leaf, _random.Next(2) == 0);
            Deliver(proposer, proposal);
            IInteropMember committer = AnyBut(removed);
            _members.Remove(removed);
            Commit(committer, [], [], []);
        }
    }

    /// <summary>ts-mls takes Update proposals, but has no call that makes one.</summary>
    private void Update()
    {
        OurMember[] ours = [.. _members.OfType<OurMember>()];
        OurMember updated = ours[_random.Next(ours.Length)];
        Deliver(updated, updated.ProposeUpdate(_random.Next(2) == 0));
        Commit(AnyBut(updated), [], [], []);
    }

    private void JoinExternally(IInteropMember? replaced)
    {
        if (replaced is null && _members.Count >= MostMembers)
        {
            return;
        }

        IInteropMember joiner = replaced ?? New();
        byte[] info = Any().GroupInfo(joiner.IsTsMls);
        if (replaced is not null)
        {
            _members.Remove(replaced);
        }

        uint? old = replaced?.Where().Leaf;
        byte[] commit = [];
        if (TryJoin(() => commit = joiner.JoinExternally(info, replaced is not null)))
        {
            Deliver(null, commit);
            _members.Add(joiner);
        }
        else if (old is { } leaf)
        {
            Commit(Ours(), [], [leaf], []);
        }
    }

    private void PreSharedKey()
    {
        byte[] id = new byte[8];
        byte[] key = new byte[20];
        _random.NextBytes(id);
        _random.NextBytes(key);
        _members.ForEach(member => member.HoldPsk(id, key));
        Commit(Any(), [], [], [id]);
    }

    /// <summary>Several send several messages; each receiver gets them in an order of its own, and the last ones after the next
    /// commit.</summary>
    private void Talk()
    {
        var sent = new List<(IInteropMember Sender, byte[] Content, byte[] Message)>();
        for (int i = 0; i < 6; i++)
        {
            IInteropMember sender = Any();
            byte[] content = new byte[1 + _random.Next(300)];
            _random.NextBytes(content);
            sent.Add((sender, content, sender.Seal(content)));
        }

        List<(IInteropMember Receiver, byte[] Content, byte[] Message)> deliveries =
        [
            .. sent.SelectMany(message => _members.Where(member => member != message.Sender)
                .Select(member => (member, message.Content, message.Message))),
        ];
        (IInteropMember Receiver, byte[] Content, byte[] Message)[] shuffled = [.. deliveries.OrderBy(_ => _random.Next())];
        Read(shuffled[..^3]);
        Commit(Any(), [], [], []);
        Read(shuffled[^3..]);
    }

    private static void Read((IInteropMember Receiver, byte[] Content, byte[] Message)[] deliveries)
    {
        foreach ((IInteropMember receiver, byte[] content, byte[] message) in deliveries)
        {
            if (!content.AsSpan().SequenceEqual(receiver.Receive(message)))
            {
                throw new InvalidOperationException("A message has another content.");
            }
        }
    }

    private IReadOnlyList<byte[]> Commit(
        IInteropMember committer, IReadOnlyList<byte[]> add, IReadOnlyList<uint> remove, IReadOnlyList<byte[]> psks)
    {
        (byte[] commit, IReadOnlyList<byte[]> welcomes) = committer.Commit(add, remove, psks, _random.Next(2) == 0);
        committer.Apply();
        Deliver(committer, commit);
        return welcomes;
    }

    private void Deliver(IInteropMember? sender, byte[] message)
    {
        foreach (IInteropMember member in _members.Where(member => member != sender))
        {
            member.Receive(message);
        }
    }

    private void Agree()
    {
        InteropPlace[] places = [.. _members.Select(member => member.Where())];
        if (places.Any(place => place with { Leaf = 0 } != places[0] with { Leaf = 0 }))
        {
            throw new InvalidOperationException("Members disagree: " + string.Join(", ", places.Select(place => place.ToString())));
        }
    }
}
