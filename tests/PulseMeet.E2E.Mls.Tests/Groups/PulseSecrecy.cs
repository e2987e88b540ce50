using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Who reads what: attacks 20, 22, 23, 24, 25 and 27b at the level of a chat, with full stolen states.</summary>
public sealed class PulseSecrecy
{
    [Fact]
    public void Nobody_but_a_member_changes_the_chat()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        var server = new Account("server", "phone");

        // A commit that says that it is a member's, a proposal of a newcomer's, one as an external sender.
        AssertPassedOver(E2EError.NotAuthentic, all, all[0], new Forged
        {
            Format = WireFormat.PrivateMessage,
            Signer = server["phone"].Device.Client.SignatureKey,
        }.By(all[0].Epoch));
        KeyPackageKeys keys = server["phone"].Device.CreateKeyPackage(MlsSuite.X25519Aes128, server.Clock);
        byte[][] proposals =
        [
            ExternalProposal.Join(all[0].Epoch.Context, keys),
            ExternalProposal.Send(all[0].Epoch.Context, 0, new RemoveProposal(1), server["phone"].Device.Client.SignatureKey),
        ];
        foreach (byte[] proposal in proposals)
        {
            AssertPassedOver(E2EError.InvalidEncoding, all, null, proposal);
            Assert.All(all, phone => Assert.Equal(
                E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => phone.Chat.Receive(proposal)).Reason));
        }

        AssertTalk(all);
    }

    [Fact]
    public void A_member_who_writes_or_commits_as_another_is_refused()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        AssertPassedOver(E2EError.NotAuthentic, all, forger, new Forged
        {
            From = Sender.Member(LeafOf(forger, alice["phone"])),
            Format = WireFormat.PrivateMessage,
        }.By(Stolen(forger).Mls.Current));
        byte[] message = ApplicationFrom(Stolen(forger).Mls.Current, LeafOf(forger, alice["phone"]));
        Assert.All(all.Where(phone => phone != forger), phone => Assert.Equal(
            E2EError.NotAuthentic, Assert.Throws<E2EException>(() => phone.Chat.Receive(message)).Reason));

        // What he writes himself is shown as his, whatever the relay says of it.
        var own = (GroupMessageReceived)alice["phone"].Chat.Receive(forger.Seal("I am Alice"));
        Assert.Equal(forger.Address, own.Sender);
        Assert.Equal(bob.Key.PublicKey.ToArray(), own.AccountKey);
    }

    [Fact]
    public void A_commit_a_message_and_a_welcome_are_of_no_other_chat_and_no_later_epoch()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] request = carol["phone"].Chat.AskToLeave();
        PreparedCommit old = Commit(all, alice["phone"], new UpdateIntent());
        AssertPassedOver(E2EError.MlsWrongEpoch, all, null, old.Commit);
        Assert.All(
            all.Where(phone => phone != carol["phone"]),
            phone => Assert.Equal(E2EError.MlsWrongEpoch, Assert.Throws<E2EException>(() => phone.Chat.Receive(request)).Reason));
        (Account alice2, Account bob2, Account carol2) = Rooftop();
        Phone[] others = Present(alice2, bob2, carol2);
        PreparedCommit next = alice["phone"].Chat.Prepare(new UpdateIntent())!;
        AssertPassedOver(E2EError.MlsWrongGroup, others, null, next.Commit);
        byte[] message = alice["phone"].Seal("here");
        Assert.All(others, phone => Assert.Equal(
            E2EError.MlsWrongGroup, Assert.Throws<E2EException>(() => phone.Chat.Receive(message)).Reason));
        Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => bob["phone"].Chat.Receive(next.Commit)).Reason);
    }

    [Fact]
    public void A_fork_that_the_relay_makes_is_noticed_wherever_two_statements_meet()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        PreparedCommit one = alice["phone"].Chat.Prepare(new UpdateIntent())!;
        PreparedCommit two = bob["phone"].Chat.Prepare(new UpdateIntent())!;
        Phone[] left = [.. alice.Devices];
        Phone[] right = [.. bob.Devices, .. carol.Devices];
        Assert.All(all, phone => Assert.Equal(ForkJudgement.Agree, Judge(phone, all[0])));
        Assert.All(left, phone => Assert.Equal(0, phone.Take(one.Commit, two.Commit).Taken));
        Assert.Equal(ForkJudgement.Behind, Judge(right[0], left[0]));
        Assert.Equal(ForkJudgement.Agree, Judge(left[0], right[0]));
        Assert.All(right, phone => Assert.Equal(0, phone.Take(two.Commit, one.Commit).Taken));
        ulong parted = left[0].Chat.Epoch;
        for (int i = 0; i < 5; i++)
        {
            Commit(left, alice["phone"], alice["phone"].Chat.Unfinished ?? new UpdateIntent());
            foreach (Phone phone in left)
            {
                Assert.All(right, other => Assert.Equal(
                    new ForkFinding(ForkJudgement.Fork, parted), phone.Chat.Judge(other.Chat.Statement(), other.Address)));
                Assert.All(right, other => Assert.Equal(
                    new ForkFinding(ForkJudgement.Fork, parted), other.Chat.Judge(phone.Chat.Statement(), phone.Address)));
            }
        }

        // Of another chat, and what is no statement.
        (Account alice2, _, _) = Rooftop();
        Assert.Equal(E2EError.MlsWrongGroup, Assert.Throws<E2EException>(() => Judge(left[0], alice2["phone"])).Reason);
        byte[] statement = left[0].Chat.Statement();
        for (int length = 0; length < statement.Length; length += 5)
        {
            Assert.Throws<E2EException>(() => left[0].Chat.Judge(statement.AsSpan(0, length), left[1].Address));
        }
    }

    [Fact]
    public void A_removed_account_and_a_removed_device_open_nothing_later_with_their_full_state()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        var gone = new ChatThief(carol["phone"]);
        Phone laptop = bob.RemoveDevice("laptop");
        var device = new ChatThief(laptop);
        byte[] before = alice["phone"].Seal("before");
        Assert.True(gone.Reads(before) && device.Reads(before));
        Commit(all, alice["phone"], new RemoveIntent("carol"));
        byte[] between = alice["phone"].Seal("between");
        Assert.False(gone.Reads(between));
        Commit([.. Present(alice, bob), laptop], alice["phone"], alice["phone"].Chat.Follow(bob.List.Encode(), [])!);
        for (int i = 0; i < 3; i++)
        {
            byte[] message = alice["laptop"].Seal("for those who stay");
            Assert.False(gone.Reads(message) || device.Reads(message));
            Assert.Equal("for those who stay", bob["phone"].Read(message));
            Commit(Present(alice, bob), bob["phone"], new UpdateIntent());
        }
    }

    [Fact]
    public void A_joiner_opens_nothing_earlier_and_a_stolen_state_nothing_after_its_owners_next_commit()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] earlier = alice["phone"].Seal("earlier");
        var dave = new Account("dave", "phone");
        Commit(all, alice["phone"], new BringIntent([Invite(dave)]), dave["phone"]);
        Assert.False(new ChatThief(dave["phone"]).Reads(earlier));
        var thief = new ChatThief(bob["phone"]);
        Assert.True(thief.Reads(alice["phone"].Seal("stolen")));
        Phone[] now = Present(alice, bob, carol, dave);
        bob["phone"].Chat.Suspect();
        Commit(now, bob["phone"], bob["phone"].Chat.Duties(bob.Clock.Now, GroupSchedule.Default)[0].Intent);
        Assert.False(thief.Reads(alice["phone"].Seal("healed")));
        AssertTalk(now);
    }

    [Fact]
    public void Whoever_the_relay_lists_besides_gets_no_key_and_the_roster_is_the_trees()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        var dave = new Account("dave", "phone");
        PreparedCommit commit = alice["phone"].Chat.Prepare(new BringIntent([Invite(dave)]))!;

        // Before its commit is taken, the Welcome is for nobody; when another one is, for none either.
        PreparedCommit other = bob["phone"].Chat.Prepare(new UpdateIntent())!;
        Assert.All(all, phone => Assert.Equal(0, phone.Take(other.Commit).Taken));
        dave["phone"].Join(commit);
        byte[] message = bob["phone"].Seal("not for Dave");
        Assert.Throws<E2EException>(() => dave["phone"].Chat.Receive(message));
        Assert.All(all, phone => Assert.Null(phone.Chat.Roster.Find("dave")));
        Assert.NotEqual(dave["phone"].Chat.EpochAuthenticator(), bob["phone"].Chat.EpochAuthenticator());
        Assert.Equal(ForkJudgement.Fork, Judge(bob["phone"], dave["phone"]));
        AssertTalk(all);
    }

    private static ForkJudgement Judge(Phone judge, Phone speaker) =>
        judge.Chat.Judge(speaker.Chat.Statement(), speaker.Address).Judgement;

    private static PulseGroup Stolen(Phone phone)
    {
        (byte[] epochs, byte[] ratchets) = phone.State();
        return PulseGroup.Deserialize(epochs, ratchets, phone.Device, phone.Clock);
    }

    private static byte[] ApplicationFrom(EpochState epoch, uint claimed)
    {
        var content = new FramedContent
        {
            GroupId = epoch.Context.GroupId,
            Epoch = epoch.Context.Epoch,
            Sender = Sender.Member(claimed),
            AuthenticatedData = [],
            ApplicationData = [1, 2, 3],
        };
        byte[] signature = AuthenticatedContent.Sign(
            epoch.Suite, WireFormat.PrivateMessage, content, epoch.Context.Encoded, epoch.SignatureKey);
        return MlsMessage.Encode(WireFormat.PrivateMessage, MessageProtection.Seal(
            epoch.Suite,
            new AuthenticatedContent(WireFormat.PrivateMessage, content, signature, null),
            epoch.Secrets.SenderData,
            epoch.Ratchets,
            0));
    }
}
