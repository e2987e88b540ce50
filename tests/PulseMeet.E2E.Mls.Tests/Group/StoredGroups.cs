using static PulseMeet.E2E.Mls.Tests.Members;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>The stored form of a group: read back whole, and refused with a reason when it is anything else.</summary>
public sealed class StoredGroups
{
    public static TheoryData<int> Suites => new(0x0001, 0xf064, 83);

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_group_goes_on_from_its_stored_form_at_every_step(int id)
    {
        Member[] all = Of(4, MlsSuite.Get((ushort)id));
        void Restart()
        {
            foreach (Member member in all)
            {
                byte[] epochs = member.Group.SerializeEpochs();
                byte[] ratchets = member.Group.SerializeRatchets();
                member.Group = MlsGroup.Deserialize(epochs, ratchets, member.Services);
                Assert.Equal(epochs, member.Group.SerializeEpochs());
                Assert.Equal(ratchets, member.Group.SerializeRatchets());
            }
        }

        Restart();
        byte[] late = all[0].Seal("late");
        byte[] skipped = all[0].Seal("skipped");
        Assert.Equal("skipped", all[1].Read(skipped));
        Restart();
        byte[] update = all[1].Group.ProposeUpdate();
        Deliver([all[0], all[2], all[3]], update);
        Restart();
        PendingCommit pending = all[2].Group.CreateCommit(new CommitRequest { Proposals = [new RemoveProposal(3)] });
        Restart();
        Assert.Equal(pending.Commit, all[2].Group.Pending!.Commit);
        Deliver(all, pending.Commit);
        Restart();
        Assert.True(all[3].Group.IsRemoved);
        all = all[..3];
        Assert.Equal("late", all[1].Read(late));
        Assert.Equal("late", all[2].Read(late));
        Restart();
        AssertAgree(all);
        AssertTalk(all);
        Commit(all, all[0], new ReInitProposal([5], 1, 1, []));
        Restart();
        Assert.NotNull(all[1].Group.ReInit);
    }

    [Fact]
    public void A_stored_pending_join_begins_the_group_after_a_restart()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        PendingCommit join = MlsGroup.JoinExternally(
            all[0].Group.GroupInfo(allowExternalJoin: true, withTree: true), joiner.Client, _ => false, joiner.Services);
        byte[] stored = PendingCommitCodec.Serialize(join);
        Deliver(all, join.Commit);
        joiner.Group = MlsGroup.Begin(PendingCommitCodec.Deserialize(stored), joiner.Services);
        AssertTalk([.. all, joiner]);
        for (int length = 0; length < stored.Length; length += 11)
        {
            Assert.Throws<E2EException>(() => PendingCommitCodec.Deserialize(stored.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Two_parts_that_are_not_of_one_state_are_refused()
    {
        Member[] all = Of(2);
        byte[] epochs = all[0].Group.SerializeEpochs();
        byte[] ratchets = all[0].Group.SerializeRatchets();
        Commit(all, all[1]);
        Refuses(E2EError.InvalidEncoding, () => Read(all[0], epochs, all[0].Group.SerializeRatchets()));
        Refuses(E2EError.InvalidEncoding, () => Read(all[0], all[0].Group.SerializeEpochs(), ratchets));
        Member[] others = Of(2);
        Refuses(E2EError.InvalidEncoding, () => Read(all[0], epochs, others[0].Group.SerializeRatchets()));
        Read(all[0], epochs, ratchets);
    }

    [Fact]
    public void Another_version_is_refused_as_such_and_what_follows_the_end_too()
    {
        Member[] all = Of(2);
        byte[] epochs = all[0].Group.SerializeEpochs();
        byte[] ratchets = all[0].Group.SerializeRatchets();
        Refuses(E2EError.UnsupportedVersion, () => Read(all[0], [2, .. epochs[1..]], ratchets));
        Refuses(E2EError.UnsupportedVersion, () => Read(all[0], epochs, [2, .. ratchets[1..]]));
        Refuses(E2EError.InvalidEncoding, () => Read(all[0], [.. epochs, 0], ratchets));
        Refuses(E2EError.InvalidEncoding, () => Read(all[0], epochs, [.. ratchets, 0]));
        for (int length = 0; length < epochs.Length; length += 13)
        {
            Assert.Throws<E2EException>(() => Read(all[0], epochs[..length], ratchets));
        }

        for (int length = 0; length < ratchets.Length; length += 3)
        {
            Assert.Throws<E2EException>(() => Read(all[0], epochs, ratchets[..length]));
        }
    }

    [Fact]
    public void A_secret_tree_that_does_not_cover_each_leaf_once_is_refused()
    {
        // Without the check a message of a leaf that is not covered would be looked for without an end.
        MlsSuite suite = MlsSuite.X25519Aes128;
        foreach (uint[] nodes in new uint[][] { [], [1], [1, 3], [1, 5, 5], [0, 1, 5], [3, 0], [1, 7], [9] })
        {
            using var writer = new MlsWriter();
            writer.WriteUInt32(4);
            writer.WriteUInt32((uint)nodes.Length);
            foreach (uint node in nodes)
            {
                writer.WriteUInt32(node);
                writer.WriteVector(new byte[32]);
            }

            writer.WriteUInt32(0);
            byte[] stored = writer.ToArray();
            Refuses(E2EError.InvalidEncoding, () =>
            {
                var reader = new MlsReader(stored);
                SecretTree.ReadFrom(suite, 4, ref reader);
            });
        }
    }

    private static MlsGroup Read(Member member, byte[] epochs, byte[] ratchets) =>
        MlsGroup.Deserialize(epochs, ratchets, member.Services);
}
