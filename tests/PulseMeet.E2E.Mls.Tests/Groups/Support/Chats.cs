using PulseMeet.E2E.Groups;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Chats to begin with, and what tests do with them again and again.</summary>
internal static class Chats
{
    /// <summary>Alice with two devices, who created the chat; Bob with two and Carol with one, whom she added.</summary>
    public static (Account Alice, Account Bob, Account Carol) Rooftop(GroupRights? rights = null, MlsSuite? suite = null)
    {
        var alice = new Account("alice", "laptop", "phone");
        var bob = new Account("bob", "laptop", "phone");
        var carol = new Account("carol", "phone");
        Create("Rooftop", alice, [bob, carol], rights, suite);
        return (alice, bob, carol);
    }

    public static void Create(string name, Account creator, Account[] others, GroupRights? rights = null, MlsSuite? suite = null)
    {
        suite ??= MlsSuite.X25519Aes128;
        Phone first = creator.Devices[0];
        first.Chat = PulseGroup.Create(first.Device, name, rights ?? GroupRights.Default, suite, first.Clock);
        Phone[] joiners = [.. creator.Devices.Skip(1), .. others.SelectMany(account => account.Devices)];
        Commit([first], first, new BringIntent([.. others.Prepend(creator).Select(account => Invite(account, suite))]), joiners);
    }

    public static Invitee Invite(Account account, MlsSuite? suite = null) =>
        new(account.List.Encode(), [.. account.Devices.Where(device => !device.IsIn).Select(device => device.KeyPackage(suite))]);

    public static Phone[] Present(params Account[] accounts) =>
        [.. accounts.SelectMany(account => account.Devices).Where(device => device.IsIn)];

    /// <summary>One commits, all take it, and those whom it adds join.</summary>
    public static PreparedCommit Commit(Phone[] present, Phone committer, GroupIntent intent, params Phone[] joiners)
    {
        PreparedCommit commit = committer.Chat.Prepare(intent) ?? throw new InvalidOperationException("Nothing to do.");
        foreach (Phone member in present)
        {
            CandidateOutcome outcome = member.Take(commit.Commit);
            Assert.True(outcome.Taken == 0, $"{member}: {string.Join(", ", outcome.PassedOver)}");
            Assert.Equal(committer.Address, outcome.Committer);
            Assert.Equal(member == committer, outcome.WasOwn);
        }

        foreach (Phone joiner in joiners)
        {
            joiner.Join(commit);
            Assert.Equal(committer.Address, joiner.Inviter);
        }

        return commit;
    }

    public static void AssertAgree(params Phone[] members) => Assert.All(
        members, member => Assert.Equal(members[0].Chat.EpochAuthenticator(), member.Chat.EpochAuthenticator()));

    public static void AssertTalk(params Phone[] members)
    {
        AssertAgree(members);
        foreach (Phone sender in members)
        {
            byte[] message = sender.Seal($"from {sender}");
            Assert.All(members.Where(member => member != sender), member => Assert.Equal($"from {sender}", member.Read(message)));
        }
    }

    /// <summary>Every other device passes over a candidate for the same reason, and its stored state is byte for byte as before.</summary>
    public static void AssertPassedOver(E2EError reason, Phone[] members, Phone? forger, byte[] candidate)
    {
        foreach (Phone member in members.Where(member => member != forger))
        {
            (byte[] epochs, byte[] ratchets) = member.State();
            CandidateOutcome outcome = member.Take(candidate);
            Assert.Null(outcome.Taken);
            Assert.Equal(reason, outcome.PassedOver[0].Reason);
            Assert.Empty(outcome.Unreadable);
            (byte[] epochsAfter, byte[] ratchetsAfter) = member.State();
            Assert.Equal(epochs, epochsAfter);
            Assert.Equal(ratchets, ratchetsAfter);
        }
    }

    /// <summary>A commit of a member who keeps no rule, with what a right one would carry besides.</summary>
    public static byte[] Forge(Phone forger, Func<PulseData, PulseData>? data, DeviceListBook? lists, params Proposal[] proposals)
    {
        List<Proposal> all = [.. proposals];
        if (data is not null || lists is not null)
        {
            PulseData changed = forger.Chat.Data with { ListsHash = (lists ?? forger.Chat.Lists).Hash };
            all.Add(new GroupContextExtensionsProposal((data is null ? changed : data(changed)).ToExtensions()));
        }

        return Forged.Private(forger.Epoch, [.. all]);
    }

    public static PrivateProposal Carry(Account account) => new(GroupNumbers.DeviceListProposal, account.List.Encode());

    public static DeviceListBook With(DeviceListBook lists, params Account[] accounts) => new(
        [.. lists.Lists.Where(list => !accounts.Any(account => account.UserId == list.UserId)),
            .. accounts.Select(account => KnownList.Verify(account.List.Encode()))]);

    public static DeviceListBook Without(DeviceListBook lists, params string[] users) =>
        new(lists.Lists.Where(list => !users.Contains(list.UserId)));

    public static uint LeafOf(Phone holder, Phone device) => holder.Chat.Roster.Devices.Single(entry => entry.Leaf.Address == device.Address).Index;
}
