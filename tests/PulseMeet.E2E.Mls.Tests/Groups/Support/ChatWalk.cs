using PulseMeet.E2E.Groups;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>A chat of up to twenty devices that do what the numbers of a list say, over a relay that puts junk in front, orders candidates
/// as it likes and lets most lose. After each step all who are in it agree and read each other, and nobody else reads anything.</summary>
internal sealed class ChatWalk
{
    private const int MostDevices = 20;

    private readonly List<Account> _accounts = [];
    private readonly List<ChatThief> _gone = [];
    private readonly Dictionary<Phone, ChatThief> _stolen = [];
    private readonly List<ChatThief> _healed = [];
    private byte[] _lastCommit = [0];
    private int _named;
    private uint _steps;

    public ChatWalk(MlsSuite suite)
    {
        Suite = suite;
        Account creator = New(2);
        Account other = New(1);
        Chats.Create("Walk", creator, [other], GroupRights.Default with { Add = GroupRole.Member }, suite);
    }

    public MlsSuite Suite { get; }

    /// <summary>What happened, to say what a walk reached.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    public Phone[] Present => [.. _accounts.SelectMany(account => account.Devices).Where(device => device.IsIn)];

    public void Step(uint number)
    {
        _steps++;
        uint kind = number % 12;
        uint choice = number / 12;
        Phone[] present = Present;
        Phone actor = Pick(present, choice);
        Phone other = Pick(present, choice / 7);
        Account account = other.Account;
        switch (kind)
        {
            case 0 when present.Length + 2 <= MostDevices:
                Account joining = New(1 + (int)(choice % 2));
                Commit(actor, new BringIntent([Chats.Invite(joining, Suite)]));
                break;
            case 1:
                Commit(actor, new RemoveIntent(account.UserId));
                break;
            case 2 when Accounts(present) > 1:
                Leave(other, choice);
                break;
            case 3:
                Commit(actor, new RoleIntent(account.UserId, (GroupRole)(choice % 3)));
                break;
            case 4:
                Commit(actor, new RenameIntent($"name {_steps}"));
                break;
            case 5:
                Concurrently(choice);
                break;
            case 6 when account.Devices.Count < 3 && present.Length < MostDevices:
                Phone added = account.AddDevice($"device {_named++}");
                Commit(actor, actor.Chat.Follow(account.List.Encode(), [added.KeyPackage(Suite)]) ?? new UpdateIntent());
                break;
            case 7 when account.Devices.Count > 1:
                LoseDevice(account, choice);
                break;
            case 8:
                foreach (Phone phone in present)
                {
                    phone.Restart();
                }

                break;
            case 9:
                Rejoin(other, actor);
                break;
            case 10:
                _stolen[other] = new ChatThief(other);
                Count("stolen");
                break;
            default:
                Commit(actor, new UpdateIntent());
                break;
        }

        AssertLaw();
    }

    private static Phone Pick(Phone[] from, uint choice) => from[choice % (uint)from.Length];

    private static int Accounts(Phone[] present) => present.Select(phone => phone.Account).Distinct().Count();

    private Account New(int devices)
    {
        var account = new Account($"user {_named++}", [.. Enumerable.Range(0, devices).Select(i => $"device {i}")]);
        _accounts.Add(account);
        return account;
    }

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    private void Leave(Phone leaver, uint choice)
    {
        byte[] message = leaver.Chat.AskToLeave();
        Phone[] others = [.. Present.Where(phone => phone.Account != leaver.Account)];
        foreach (Phone phone in others.Where((_, index) => index == 0 || (choice >> index) % 2 == 0))
        {
            phone.Chat.Receive(message);
        }

        Commit(others[0], new UpdateIntent());
        if (leaver.Chat.IsRemoved)
        {
            Count("left");
        }
    }

    /// <summary>A device leaves its account; whoever notices first commits it.</summary>
    private void LoseDevice(Account account, uint choice)
    {
        Phone lost = account.Devices[(int)(choice % (uint)account.Devices.Count)];
        bool wasIn = lost.IsIn;
        account.RemoveDevice(lost.Name);
        Phone[] left = Present;
        if (left.Length == 0)
        {
            account.AddDevice("spare");
            return;
        }

        Round([.. left.Take(3).Select(phone => (phone, phone.Chat.Follow(account.List.Encode(), []) ?? new UpdateIntent()))], choice, [lost]);
        if (wasIn)
        {
            Assert.True(lost.Chat.IsRemoved);
            Count("devices lost");
        }
    }

    private void Rejoin(Phone phone, Phone helper)
    {
        if (phone == helper || !helper.Chat.Data.Rights.ExternalJoin || phone.Account.List.Number > Known(helper, phone))
        {
            return;
        }

        var thief = new ChatThief(phone);
        using ExternalJoin join = phone.Rejoin(helper, phone.Chat);
        Assert.All(Present.Where(member => member != phone), member => Assert.Equal(0, member.Take(join.Commit.Commit).Taken));
        phone.Chat = join.Begin(phone.Device, phone.Clock);
        _gone.Add(thief);
        _stolen.Remove(phone);
        Count("rejoined");
    }

    private static long Known(Phone holder, Phone of) => holder.Chat.Lists.Find(of.Account.UserId)!.Number;

    private void Concurrently(uint choice)
    {
        Phone[] present = Present;
        var wanted = new List<(Phone, GroupIntent)>();
        for (uint i = 0; i < 4 && i < present.Length; i++)
        {
            Phone actor = present[i * (uint)present.Length / 4 % present.Length];
            if (!wanted.Exists(entry => entry.Item1 == actor))
            {
                wanted.Add((actor, i % 2 == 0 ? new UpdateIntent() : new RenameIntent($"{_steps} {i}")));
            }
        }

        Round(wanted, choice, []);
    }

    private void Commit(Phone actor, GroupIntent intent) => Round([(actor, intent)], _steps, []);

    /// <summary>Those who want something offer at once, until each has it, or may not.</summary>
    private void Round(List<(Phone Actor, GroupIntent Intent)> wanted, uint choice, Phone[] besides)
    {
        var open = new Dictionary<Phone, PreparedCommit>();
        foreach ((Phone actor, GroupIntent intent) in wanted)
        {
            Prepare(open, actor, () => actor.Chat.Prepare(intent));
        }

        for (int bound = 10; open.Count > 0; bound--)
        {
            Assert.True(bound > 0, "Somebody loses for ever.");
            PreparedCommit[] order = [.. open.Values.OrderBy(commit => commit.Commit[(int)(choice % 16) + commit.Commit.Length - 20])];
            Deliver(order, [.. Present, .. besides.Where(phone => phone.IsIn)], choice);
            foreach (Phone loser in open.Keys.ToArray())
            {
                open.Remove(loser);
                if (loser.IsIn && loser.Chat.Unfinished is not null)
                {
                    Count("lost and rebased");
                    Prepare(open, loser, loser.Chat.Rebase);
                }
            }
        }
    }

    private void Prepare(Dictionary<Phone, PreparedCommit> open, Phone actor, Func<PreparedCommit?> prepare)
    {
        try
        {
            if (prepare() is { } prepared)
            {
                open[actor] = prepared;
            }
        }
        catch (E2EException refusal) when (refusal.Reason is E2EError.GroupNotAllowed or E2EError.GroupExtensionRefused)
        {
            // What this role may not do, a client does not even offer; nothing waits.
            Assert.Null(actor.Chat.Prepared);
            Count("not allowed");
        }
    }

    private void Deliver(PreparedCommit[] order, Phone[] members, uint choice)
    {
        byte[][] junk = [[], [1, 2, 3], _lastCommit, order[^1].Commit[..^1], .. Lawless(members, choice)];
        byte[][] candidates = [.. junk.Take((int)(choice % 6)), .. order.Select(commit => commit.Commit)];
        ChatThief[] before = [.. members.Select(member => new ChatThief(member))];
        Identity.DeviceAddress? committer = null;
        int? taken = null;
        for (int i = 0; i < members.Length; i++)
        {
            CandidateOutcome outcome = members[i].Take(candidates);
            taken ??= outcome.Taken;
            committer ??= outcome.Committer;
            Assert.NotNull(outcome.Taken);
            Assert.Equal(taken, outcome.Taken);
            Assert.Equal(committer, outcome.Committer);
            if (members[i].Chat.IsRemoved)
            {
                _gone.Add(before[i]);
                _stolen.Remove(members[i]);
                Count("removed");
            }
            else if (outcome.WasOwn && _stolen.Remove(members[i], out ChatThief? thief))
            {
                _healed.Add(thief);
                Count("healed");
            }
        }

        PreparedCommit winner = order.Single(commit => commit.Commit.AsSpan().SequenceEqual(candidates[taken!.Value]));
        _lastCommit = winner.Commit;
        foreach (GroupWelcome welcome in winner.Welcomes)
        {
            Phone joiner = _accounts.SelectMany(account => account.Devices).Single(device => device.Address == welcome.Device);
            joiner.Join(winner);
            Count("joined");
        }
    }

    /// <summary>A commit of a plain member whose client keeps no rule.</summary>
    private static IEnumerable<byte[]> Lawless(Phone[] members, uint choice)
    {
        Phone forger = Pick(members, choice);
        if (forger.Chat.Data.RoleOf(forger.Account.UserId) == GroupRole.Member && forger.Chat.Prepared is null)
        {
            (byte[] epochs, byte[] ratchets) = forger.State();
            using PulseGroup copy = PulseGroup.Deserialize(epochs, ratchets, forger.Device, forger.Clock);
            PulseData data = copy.Data with { Creator = forger.Account.UserId, Admins = [] };
            yield return Forged.Private(copy.Mls.Current, new GroupContextExtensionsProposal(data.ToExtensions()));
        }
    }

    private void AssertLaw()
    {
        Phone[] present = Present;
        Chats.AssertAgree(present);
        Phone sender = Pick(present, _steps);
        byte[] message = sender.Seal("for those who are in");
        foreach (Phone reader in present.Where(phone => phone != sender))
        {
            Assert.Equal("for those who are in", reader.Read(message));
        }

        foreach (Phone phone in present)
        {
            Assert.Equal(present.Length, phone.Chat.Roster.DeviceCount);
            Assert.All(present, other => Assert.Contains(
                phone.Chat.Roster.Find(other.Account.UserId)!.Devices, device => device.Leaf.Address == other.Address));
        }

        Assert.All(_gone.TakeLast(12), thief => Assert.False(thief.Reads(message)));
        Assert.All(_healed.TakeLast(8), thief => Assert.False(thief.Reads(message)));
    }
}
