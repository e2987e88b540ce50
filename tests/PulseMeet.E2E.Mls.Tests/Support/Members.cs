namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Groups to begin with, and what tests do with them again and again.</summary>
internal static class Members
{
    private static readonly string[] s_names = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi"];

    /// <summary>A group that the first has created and added the others to; all have joined.</summary>
    public static Member[] Of(int count, MlsSuite? suite = null, IReadOnlyList<Extension>? extensions = null) =>
        Of([.. Enumerable.Range(0, count).Select(i => new Member(i < s_names.Length ? s_names[i] : $"Member {i}"))], suite, extensions);

    public static Member[] Of(Member[] members, MlsSuite? suite = null, IReadOnlyList<Extension>? extensions = null)
    {
        suite ??= MlsSuite.X25519Aes128;
        byte[] groupId = new byte[16];
        System.Security.Cryptography.RandomNumberGenerator.Fill(groupId);
        members[0].Group = MlsGroup.Create(suite, groupId, members[0].Client, extensions ?? [], members[0].Services);
        if (members.Length > 1)
        {
            Add(members[..1], members[1..]);
        }

        return members;
    }

    /// <summary>The first of those who are in adds others; all follow and all join.</summary>
    public static void Add(Member[] present, Member[] joiners)
    {
        MlsSuite suite = present[0].Group.Suite;
        KeyPackageKeys[] keys = [.. joiners.Select(joiner => joiner.NewKeyPackage(suite))];
        PendingCommit commit = present[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [.. keys.Select(key => new AddProposal(key.KeyPackage))],
            TreeInWelcome = true,
        });
        Deliver(present, commit.Commit);
        for (int i = 0; i < joiners.Length; i++)
        {
            joiners[i].Join(commit.Welcomes[i].Message, keys[i]);
        }
    }

    /// <summary>One commits, all follow.</summary>
    public static PendingCommit Commit(Member[] present, Member committer, params Proposal[] proposals)
    {
        PendingCommit commit = committer.Group.CreateCommit(new CommitRequest { Proposals = proposals });
        Deliver(present, commit.Commit);
        return commit;
    }

    public static void Deliver(Member[] members, byte[] message)
    {
        foreach (Member member in members)
        {
            member.Group.Receive(message);
        }
    }

    public static void AssertAgree(params Member[] members) => Assert.All(
        members, member => Assert.Equal(members[0].Group.EpochAuthenticator(), member.Group.EpochAuthenticator()));

    /// <summary>Every member's message is read by every other.</summary>
    public static void AssertTalk(params Member[] members)
    {
        foreach (Member sender in members)
        {
            byte[] message = sender.Seal($"from {sender}");
            Assert.All(members.Where(member => member != sender), member => Assert.Equal($"from {sender}", member.Read(message)));
        }
    }

    public static void Refuses(E2EError reason, Action action)
    {
        E2EException refusal = Assert.Throws<E2EException>(action);
        Assert.Equal(reason, refusal.Reason);
    }
}
