using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>The order of an epoch's candidates: the first valid one wins everywhere, junk stops nobody, and losers rebase.</summary>
public sealed class PulseCandidates
{
    [Fact]
    public void Of_several_commits_the_first_wins_everywhere_and_the_losers_make_theirs_anew_until_all_is_done()
    {
        (Account alice, Account bob, Account carol) = Rooftop(
            GroupRights.Default with { Rename = GroupRole.Member, Add = GroupRole.Member });
        var dave = new Account("dave", "phone");
        var erin = new Account("erin", "phone");
        Phone[] all = Present(alice, bob, carol);
        var open = new Dictionary<Phone, PreparedCommit>
        {
            [alice["phone"]] = alice["phone"].Chat.Prepare(new RenameIntent("Roof"))!,
            [bob["phone"]] = bob["phone"].Chat.Prepare(new BringIntent([Invite(dave)]))!,
            [carol["phone"]] = carol["phone"].Chat.Prepare(new BringIntent([Invite(erin)]))!,
        };
        for (int round = 3; round > 0; round--)
        {
            // The relay's order: the last who offered stands first.
            byte[][] candidates = [.. open.Values.Reverse().Select(commit => commit.Commit)];
            PreparedCommit winner = open.Values.Last();
            Phone[] present = Present(alice, bob, carol, dave, erin);
            Assert.All(present, phone => Assert.Equal(0, phone.Take(candidates).Taken));
            foreach (GroupWelcome welcome in winner.Welcomes)
            {
                (welcome.Device.UserId == "dave" ? dave : erin)["phone"].Join(winner);
            }

            open.Remove(open.Last().Key);
            foreach (Phone loser in open.Keys.ToArray())
            {
                // As after a crash: what was wanted is in the stored state.
                loser.Restart();
                Assert.NotNull(loser.Chat.Unfinished);
                open[loser] = loser.Chat.Rebase()!;
                loser.Restart();
                Assert.Equal(open[loser].Commit, loser.Chat.Prepared!.Commit);
            }
        }

        AssertTalk(Present(alice, bob, carol, dave, erin));
        Assert.Equal("Roof", all[0].Chat.Data.Name);
    }

    [Fact]
    public void Several_who_notice_the_same_do_it_once()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone gone = bob.RemoveDevice("laptop");
        byte[][] candidates =
        [
            .. Present(alice, bob, carol).Select(phone => phone.Chat.Prepare(phone.Chat.Follow(bob.List.Encode(), [])!)!.Commit),
        ];
        Assert.All(all, phone => Assert.Equal(0, phone.Take(candidates).Taken));
        Assert.True(gone.Chat.IsRemoved);
        Phone[] left = Present(alice, bob, carol);
        Assert.All(left, phone => Assert.Null(phone.Chat.Rebase()));
        AssertTalk(left);
    }

    [Fact]
    public void A_rebase_that_is_not_allowed_any_more_says_so_and_is_not_tried_again()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Commit(all, alice["phone"], new RoleIntent("bob", GroupRole.Admin));
        bob["phone"].Chat.Prepare(new RenameIntent("Bob's"));
        Commit(all, alice["phone"], new RoleIntent("bob", GroupRole.Member));
        Assert.Equal(E2EError.GroupNotAllowed, Assert.Throws<E2EException>(() => bob["phone"].Chat.Rebase()).Reason);
        Assert.Null(bob["phone"].Chat.Unfinished);
        AssertTalk(all);
    }

    [Fact]
    public void Junk_and_oversized_commits_in_front_every_epoch_from_a_member_and_from_the_relay_stop_nobody()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone mallory = carol["phone"];
        byte[] old = Commit(all, alice["phone"], new UpdateIntent()).Commit;
        for (int epoch = 0; epoch < 3; epoch++)
        {
            PreparedCommit good = bob["phone"].Chat.Prepare(new UpdateIntent())!;
            byte[] bad = (byte[])good.Commit.Clone();
            bad[^1] ^= 1;
            byte[][] candidates =
            [
                [],
                [1, 2, 3],
                new byte[GroupLimits.MaxCommitSize + 1],
                old,
                bad,
                alice["phone"].Chat.Prepared?.Commit ?? [0],
                all[1].Seal("no commit"),
                Forge(mallory, data => data with { Name = "Mallory's" }, null),
                Forge(mallory, null, null, new PrivateProposal(GroupNumbers.DeviceListProposal, [1, 2, 3])),
                new Forged { Format = WireFormat.PrivateMessage, Tag = tag => [.. tag.Select(b => (byte)~b)] }.By(mallory.Epoch),
                new Forged { Format = WireFormat.PublicMessage }.By(mallory.Epoch),
                .. Enumerable.Range(0, 64).Select(_ => Forge(mallory, data => data with { Creator = "carol" }, null)),
                good.Commit,
            ];
            foreach (Phone phone in all)
            {
                CandidateOutcome outcome = phone.Take(candidates);
                Assert.Equal(candidates.Length - 1, outcome.Taken);
                Assert.Equal(candidates.Length - 1, outcome.PassedOver.Count);
                Assert.Equal(E2EError.LimitExceeded, outcome.PassedOver[2].Reason);
            }

            AssertTalk(all);
        }
    }

    [Fact]
    public void An_oversized_commit_is_not_offered_and_leaves_nothing_waiting()
    {
        // A device whose key package is right, and huge.
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        GroupIntent bring = new BringIntent([Large(new Account("dave", "phone"), GroupLimits.MaxCommitSize)]);
        Assert.Equal(E2EError.LimitExceeded, Assert.Throws<E2EException>(() => alice["phone"].Chat.Prepare(bring)).Reason);
        Assert.Null(alice["phone"].Chat.Prepared);
        Commit(all, alice["phone"], new UpdateIntent());
        AssertTalk(all);
    }

    [Fact]
    public void Who_is_too_many_for_one_commit_comes_in_several_also_over_a_restart_and_a_loss()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Account[] crowd = [new("dave", "phone", "laptop"), new("erin", "phone"), new("frank", "phone")];
        GroupIntent bring = new BringIntent([.. crowd.Select(account => Large(account, GroupLimits.MaxCommitSize / 2))]);
        Phone[] all = Present(alice, bob, carol);
        alice["phone"].Chat.Prepare(bring);
        Commit(all, bob["phone"], new UpdateIntent());
        int commits = 0;
        while (alice["phone"].Chat.Unfinished is not null && alice["phone"].Chat.Rebase() is { } part)
        {
            alice["phone"].Restart();
            Assert.InRange(part.Commit.Length, 1, GroupLimits.MaxCommitSize);
            Assert.All(all, phone => Assert.Equal(0, phone.Take(part.Commit).Taken));
            alice["phone"].Restart();
            commits++;
        }

        Assert.Equal(4, commits);
        Assert.All(crowd, account => Assert.Equal(account.Devices.Count, alice["phone"].Chat.Roster.Find(account.UserId)!.Devices.Count));
        AssertTalk(all);
    }

    [Fact]
    public void A_path_that_opens_for_nobody_is_passed_over_and_its_committer_is_named()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone mallory = carol["phone"];
        byte[] dead = BrokenFor(mallory, (_, _) => true);
        PreparedCommit good = bob["phone"].Chat.Prepare(new UpdateIntent())!;
        foreach (Phone phone in all.Where(phone => phone != mallory))
        {
            CandidateOutcome alone = phone.Take(dead);
            Assert.True(alone.MayBeStranded);
            CandidateOutcome outcome = phone.Take(dead, good.Commit);
            Assert.Equal(1, outcome.Taken);
            Assert.Equal(mallory.Address, outcome.Unreadable.Single().Committer);
        }

        mallory.Take(dead, good.Commit);
        AssertTalk(all);
    }

    [Fact]
    public void Where_a_path_opens_for_some_only_the_others_learn_it_from_them_name_the_committer_and_rejoin()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone mallory = bob["phone"];

        // The path secret for the other half of the tree is broken.
        byte[] split = BrokenFor(mallory, (node, nodes) => node == nodes - 1);
        PreparedCommit next = alice["phone"].Chat.Prepare(new UpdateIntent())!;
        Phone[] others = [.. all.Where(phone => phone != mallory)];
        Phone[] followed = [.. others.Where(phone => phone.Take(split, next.Commit).Taken == 0)];
        Phone[] stayed = [.. others.Except(followed)];
        Assert.NotEmpty(followed);
        Assert.NotEmpty(stayed);

        // Each judges what another says, from a pairwise session: the ones that could not follow are the ones that go.
        Phone witness = followed[0];
        foreach (Phone phone in stayed)
        {
            phone.Restart();
            ForkFinding finding = phone.Chat.Judge(witness.Chat.Statement(), witness.Address);
            Assert.Equal(new ForkFinding(ForkJudgement.Overtaken, witness.Chat.Epoch, mallory.Address), finding);
            Assert.Equal(ForkJudgement.Fork, witness.Chat.Judge(phone.Chat.Statement(), phone.Address).Judgement);

            // The committer's own word is none.
            Assert.NotEqual(
                ForkJudgement.Overtaken, phone.Chat.Judge(witness.Chat.Statement(), mallory.Address).Judgement);
        }

        List<Phone> line = [.. followed];
        foreach (Phone phone in stayed)
        {
            using ExternalJoin join = phone.Rejoin(witness, phone.Chat);
            Assert.All(line, member => Assert.Equal(0, member.Take(join.Commit.Commit).Taken));
            phone.Chat = join.Begin(phone.Device, phone.Clock);
            line.Add(phone);
        }

        AssertTalk([.. line]);
        Commit([.. line], alice["phone"], new RemoveIntent("bob"));
        AssertTalk(Present(alice, carol));
    }

    [Fact]
    public void What_stands_behind_a_commit_that_opens_for_some_only_lets_nobody_forget_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone mallory = bob["phone"];
        byte[] split = BrokenFor(mallory, (node, nodes) => node == nodes - 1);
        byte[][] behind = [.. Enumerable.Range(0, 250).Select(_ => BrokenFor(mallory, (_, _) => true))];
        PreparedCommit next = alice["phone"].Chat.Prepare(new UpdateIntent())!;
        Phone[] others = [.. Present(alice, bob, carol).Where(phone => phone != mallory)];
        Phone[] followed = [.. others.Where(phone => phone.Take([split, .. behind, next.Commit]).Taken == 0)];
        Phone[] stayed = [.. others.Except(followed)];
        Assert.NotEmpty(followed);
        Assert.NotEmpty(stayed);
        foreach (Phone phone in stayed)
        {
            phone.Restart();
            Assert.Equal(
                new ForkFinding(ForkJudgement.Overtaken, followed[0].Chat.Epoch, mallory.Address),
                phone.Chat.Judge(followed[0].Chat.Statement(), followed[0].Address));
            Assert.InRange(phone.State().Epochs.Length, 1, 100_000);
        }
    }

    [Fact]
    public void A_device_whose_own_commit_was_taken_but_lost_from_its_store_is_stranded_and_comes_back()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone phone = bob["phone"];
        (byte[] epochs, byte[] ratchets) = phone.State();
        byte[] commit = phone.Chat.Prepare(new UpdateIntent())!.Commit;
        phone.Chat = PulseGroup.Deserialize(epochs, ratchets, phone.Device, phone.Clock);
        foreach (Phone other in all.Where(other => other != phone))
        {
            Assert.Equal(0, other.Take(commit).Taken);
        }

        CandidateOutcome outcome = phone.Take(commit);
        Assert.True(outcome.MayBeStranded);
        Assert.Equal(phone.Address, outcome.Unreadable.Single().Committer);
        using ExternalJoin join = phone.Rejoin(alice["phone"], phone.Chat);
        Assert.All(all.Where(other => other != phone), other => Assert.Equal(0, other.Take(join.Commit.Commit).Taken));
        phone.Chat = join.Begin(phone.Device, phone.Clock);
        AssertTalk(all);
    }

    /// <summary>An account whose key packages are right, and this long.</summary>
    private static Invitee Large(Account account, int size) => new(
        account.List.Encode(),
        [
            .. account.Devices.Select(device => MlsMessage.Encode(WireFormat.KeyPackage, PulseLeafRules.KeyPackageOf(
                device,
                content => content.With(
                    extensions: [.. content.Extensions, new Extension(0xf111, new byte[size])],
                    capabilities: content.Capabilities.With(extensions: [.. content.Capabilities.Extensions, 0xf111])),
                null))),
        ]);

    /// <summary>A commit whose sealed path secrets are broken at the nodes chosen, and right in all else.</summary>
    private static byte[] BrokenFor(Phone forger, Func<int, int, bool> isBroken) => new Forged
    {
        Format = WireFormat.PrivateMessage,
        Path = path => new UpdatePath(path.Leaf, [.. path.Nodes.Select((node, index) => isBroken(index, path.Nodes.Count)
            ? new UpdatePathNode(node.EncryptionKey, [.. node.EncryptedPathSecrets.Select(Broken)])
            : node)]),
    }.By(forger.Epoch);

    private static HpkeCiphertext Broken(HpkeCiphertext ciphertext) =>
        new(ciphertext.KemOutput, [.. ciphertext.Ciphertext.Select(value => (byte)~value)]);
}
