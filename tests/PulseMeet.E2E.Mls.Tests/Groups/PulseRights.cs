using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Who may do what: a member who keeps no rule commits it, and every other one refuses it, by the committer's leaf alone.</summary>
public sealed class PulseRights
{
    [Fact]
    public void Nobody_but_the_creator_and_admins_removes_another_account_or_a_device_of_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        Assert.Equal(E2EError.GroupNotAllowed, Refusal(forger, new RemoveIntent("carol")));
        uint carols = LeafOf(forger, carol["phone"]);
        AssertPassedOver(
            E2EError.GroupNotAllowed, all, forger, Forge(forger, null, Without(forger.Chat.Lists, "carol"), new RemoveProposal(carols)));
        AssertPassedOver(
            E2EError.GroupNotAllowed, all, forger, Forge(forger, null, null, new RemoveProposal(LeafOf(forger, alice["laptop"]))));

        // Of his own account he may.
        Commit(all, forger, new RemoveDeviceIntent(bob["laptop"].Address, KeyHash(forger, bob["laptop"])));
        Assert.True(bob["laptop"].Chat.IsRemoved);
    }

    [Fact]
    public void The_creator_is_removed_by_nobody_and_an_admin_by_the_creator()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Commit(all, alice["phone"], new RoleIntent("bob", GroupRole.Admin));
        Commit(all, alice["phone"], new RoleIntent("carol", GroupRole.Admin));
        Phone forger = bob["phone"];
        AssertPassedOver(
            E2EError.GroupNotAllowed,
            all,
            forger,
            Forge(
                forger,
                data => data with { Admins = ["bob"] },
                Without(forger.Chat.Lists, "carol"),
                new RemoveProposal(LeafOf(forger, carol["phone"]))));
        AssertPassedOver(E2EError.GroupNotAllowed, all, forger, Forge(
            forger,
            data => data with { Creator = string.Empty },
            Without(forger.Chat.Lists, "alice"),
            new RemoveProposal(LeafOf(forger, alice["laptop"])),
            new RemoveProposal(LeafOf(forger, alice["phone"]))));
        Commit(all, alice["phone"], new RemoveIntent("carol"));
        Assert.Equal(["bob"], bob["phone"].Chat.Data.Admins);
        AssertTalk(Present(alice, bob));

        // One of her devices an admin may take out: the account stays, with its role, and the device comes back.
        Commit(Present(alice, bob), forger, new RemoveDeviceIntent(alice["laptop"].Address, KeyHash(forger, alice["laptop"])));
        Assert.True(alice["laptop"].Chat.IsRemoved);
        using ExternalJoin back = alice["laptop"].Rejoin(forger, alice["laptop"].Chat);
        Assert.All(Present(alice, bob), phone => Assert.Equal(0, phone.Take(back.Commit.Commit).Taken));
        alice["laptop"].Chat = back.Begin(alice["laptop"].Device, alice.Clock);
        Assert.Equal("alice", alice["laptop"].Chat.Data.Creator);
        AssertTalk(Present(alice, bob));
    }

    [Fact]
    public void A_member_adds_no_account_renames_nothing_and_gives_no_role_where_that_is_the_admins()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        var dave = new Account("dave", "phone");
        AssertPassedOver(E2EError.GroupNotAllowed, all, forger, Forge(
            forger,
            null,
            With(forger.Chat.Lists, dave),
            Carry(dave),
            new AddProposal(PulseLeafRules.KeyPackageOf(dave["phone"], content => content, null))));
        void Refused(Func<PulseData, PulseData> data) =>
            AssertPassedOver(E2EError.GroupNotAllowed, all, forger, Forge(forger, data, null));
        Refused(data => data with { Name = "Bob's" });
        Refused(data => data with { Admins = ["bob"] });
        Refused(data => data with { Creator = "bob" });
        Refused(data => data with { Creator = "bob", Admins = ["alice"] });
        Refused(data => data with { Rights = data.Rights with { Add = GroupRole.Member } });
        foreach (GroupIntent intent in new GroupIntent[]
        {
            new BringIntent([Invite(dave)]),
            new RenameIntent("Bob's"),
            new RoleIntent("bob", GroupRole.Admin),
            new RoleIntent("bob", GroupRole.Creator),
            new RightsIntent(GroupRights.Default with { ExternalJoin = false }),
        })
        {
            Assert.Equal(E2EError.GroupNotAllowed, Refusal(forger, intent));
        }

        AssertTalk(all);
    }

    [Fact]
    public void An_admin_changes_no_rights_takes_no_role_away_and_hands_nothing_over()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Commit(all, alice["phone"], new RoleIntent("bob", GroupRole.Admin));
        Commit(all, alice["phone"], new RoleIntent("carol", GroupRole.Admin));
        Phone forger = bob["phone"];
        void Refused(Func<PulseData, PulseData> data) =>
            AssertPassedOver(E2EError.GroupNotAllowed, all, forger, Forge(forger, data, null));
        Refused(data => data with { Rights = data.Rights with { Add = GroupRole.Member } });
        Refused(data => data with { Admins = ["bob"] });
        Refused(data => data with { Creator = "bob", Admins = ["carol"] });
        Refused(data => data with { Creator = string.Empty });

        // Its own role it may give up.
        Commit(all, forger, new RoleIntent("bob", GroupRole.Member));
        Assert.Equal(["carol"], all[0].Chat.Data.Admins);
    }

    [Fact]
    public void A_role_is_given_to_nobody_who_is_not_there_and_the_context_says_nothing_else()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = alice["phone"];
        void Refused(E2EError reason, params Extension[] extensions) => AssertPassedOver(
            reason, all, forger, Forged.Private(forger.Epoch, new GroupContextExtensionsProposal(extensions)));
        Extension[] right = forger.Chat.Data.ToExtensions();
        Refused(E2EError.GroupExtensionRefused, (forger.Chat.Data with { Admins = ["dave"] }).ToExtensions());
        Refused(E2EError.GroupExtensionRefused, (forger.Chat.Data with { Creator = "dave" }).ToExtensions());
        Refused(E2EError.GroupExtensionRefused, (forger.Chat.Data with { Creator = string.Empty }).ToExtensions());
        Refused(E2EError.GroupExtensionRefused, [right[0]]);
        Refused(E2EError.GroupExtensionRefused, [right[1]]);
        Refused(E2EError.GroupExtensionRefused, [right[1], new RequiredCapabilities([], [], []).ToExtension()]);
        Refused(E2EError.GroupExtensionRefused, [.. right, new Extension(GroupNumbers.DeviceListExtension, [])]);
        Refused(E2EError.GroupExtensionRefused, [.. right, ExternalSender.ToExtension([])]);
        Refused(E2EError.GroupDeviceListRefused, (forger.Chat.Data with { ListsHash = new byte[32] }).ToExtensions());
    }

    [Fact]
    public void A_commit_has_no_proposal_that_a_chat_has_no_use_for_and_none_by_reference()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = alice["phone"];
        MlsSuite suite = forger.Chat.Suite;
        foreach (Proposal proposal in new Proposal[]
        {
            new PreSharedKeyProposal(PreSharedKeyId.External(suite, [1])),
            new ReInitProposal([1], 1, suite.Id, []),
        })
        {
            AssertPassedOver(E2EError.GroupProposalRefused, all, forger, Forged.Private(forger.Epoch, proposal));
        }

        // A proposal that came by itself: only some may have it.
        byte[] leave = bob["phone"].Chat.AskToLeave();
        foreach (Phone phone in all.Where(phone => phone.Account != bob))
        {
            phone.Chat.Receive(leave);
        }

        CachedProposal cached = forger.Chat.Mls.Proposals.Single();
        byte[] commit = new Forged
        {
            Proposals = [new CommittedProposal(cached.Proposal, cached.Sender, cached.Reference)],
            Format = WireFormat.PrivateMessage,
        }.By(forger.Epoch);
        AssertPassedOver(
            E2EError.GroupProposalRefused, [.. all.Where(phone => phone.Account != bob)], forger, commit);
    }

    [Fact]
    public void By_itself_nobody_proposes_anything_but_to_leave_and_that_for_itself()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone forger = bob["phone"];
        LeafNode alices = alice["phone"].Epoch.OwnLeaf;
        LeaveRequest forAlice = LeaveRequest.Sign(forger.Chat.Suite, forger.Epoch.Context, alices, forger.Epoch.SignatureKey);
        LeaveRequest own = LeaveRequest.Sign(forger.Chat.Suite, forger.Epoch.Context, forger.Epoch.OwnLeaf, forger.Epoch.SignatureKey);
        foreach (Proposal proposal in new Proposal[]
        {
            new RemoveProposal(0),
            forAlice.ToProposal(),
            new PrivateProposal(GroupNumbers.LeaveProposal, own.Encode()[..^1]),
            new PrivateProposal(GroupNumbers.DeviceListProposal, bob.List.Encode()),
            new GroupContextExtensionsProposal(forger.Chat.Data.ToExtensions()),
        })
        {
            byte[] message = ProposeFrom(forger.Epoch, proposal);
            foreach (Phone phone in Present(alice, carol))
            {
                (byte[] epochs, _) = phone.State();
                Assert.Equal(
                    E2EError.GroupProposalRefused, Assert.Throws<E2EException>(() => phone.Chat.Receive(message)).Reason);
                Assert.Equal(epochs, phone.Chat.SerializeEpochs());
            }
        }
    }

    [Fact]
    public void A_request_to_leave_is_the_leavers_own_and_void_once_it_has_committed()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        LeaveRequest Ask(Phone phone, MlsSignatureKey key) =>
            LeaveRequest.Sign(phone.Chat.Suite, phone.Epoch.Context, phone.Epoch.OwnLeaf, key);
        byte[] Removing(LeaveRequest request) => Forge(
            forger,
            null,
            Without(forger.Chat.Lists, "carol"),
            request.ToProposal(),
            new RemoveProposal(LeafOf(forger, carol["phone"])));

        // Forged by the committer; asked before Carol's last commit.
        AssertPassedOver(
            E2EError.GroupProposalRefused, all, forger, Removing(Ask(carol["phone"], forger.Epoch.SignatureKey)));
        LeaveRequest old = Ask(carol["phone"], carol["phone"].Epoch.SignatureKey);
        Commit(all, carol["phone"], new UpdateIntent());
        AssertPassedOver(E2EError.GroupProposalRefused, all, forger, Removing(old));

        // Asked by Carol, and right; but not if she is kept all the same.
        LeaveRequest asked = Ask(carol["phone"], carol["phone"].Epoch.SignatureKey);
        AssertPassedOver(E2EError.GroupNotAllowed, all, forger, Forge(forger, null, null, asked.ToProposal()));
        byte[] right = Removing(asked);
        Assert.All(all.Where(phone => phone != forger), phone => Assert.Equal(0, phone.Take(right).Taken));
    }

    private static E2EError Refusal(Phone phone, GroupIntent intent)
    {
        E2EException refusal = Assert.Throws<E2EException>(() => phone.Chat.Prepare(intent));
        Assert.Null(phone.Chat.Prepared);
        return refusal.Reason;
    }

    private static byte[] KeyHash(Phone holder, Phone device) =>
        Primitives.Sha256.Hash(holder.Epoch.Tree.Leaf(LeafOf(holder, device))!.EncryptionKey);

    /// <summary>A private proposal signed without any check.</summary>
    private static byte[] ProposeFrom(EpochState epoch, Proposal proposal)
    {
        var content = new FramedContent
        {
            GroupId = epoch.Context.GroupId,
            Epoch = epoch.Context.Epoch,
            Sender = Sender.Member(epoch.Own),
            AuthenticatedData = [],
            Proposal = proposal,
        };
        byte[] signature = AuthenticatedContent.Sign(
            epoch.Suite, WireFormat.PrivateMessage, content, epoch.Context.Encoded, epoch.SignatureKey);
        return CommitCreation.Protect(epoch, new AuthenticatedContent(WireFormat.PrivateMessage, content, signature, null));
    }
}
