using System.Security.Cryptography;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.RelayRules;

/// <summary>docs/protocol-relay.md against a relay that keeps its state in a database, sentence by sentence.</summary>
public abstract class RelayRules
{
    private static readonly TimeSpan s_minute = TimeSpan.FromSeconds(60);

    protected abstract Task<RulesWorld> NewAsync();

    [Fact]
    public async Task A_device_that_is_not_on_the_list_keeps_and_sends_nothing()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("bob", ["phone"]);
        await world.ListAsync("alice", ["phone"]);
        IE2ERelay stranger = world["alice", "tablet"];
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.GetPreKeyStatusAsync());
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.PublishKeyPackagesAsync([new byte[] { 1 }], default));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.DeliverAsync([To("bob")]));
        await RefusedAsync(E2EError.UnknownDevice, () => ReceiveAsync(stranger));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.SignalAsync(To("bob")));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.OfferCommitAsync(Commit([1], 0)));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.SendToGroupAsync(new(new byte[] { 1 }, 0, Id(), new byte[1])));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.PutRecoveryCopyAsync(new byte[1]));
        await RefusedAsync(E2EError.UnknownDevice, () => stranger.PutLinkAnswerAsync(Id(), new byte[1]));
        await stranger.AcknowledgeAsync([1]);
        Assert.NotNull(await stranger.GetDeviceListAsync("bob"));
        Assert.Null(await stranger.GetDeviceListAsync("nobody"));
        Assert.Null(await stranger.GetRecoveryCopyAsync());
        Assert.Null(await stranger.GetLinkAnswerAsync(Id(), TimeSpan.Zero));
        Assert.Empty((await stranger.ClaimBundlesAsync("bob", [])).Bundles);
    }

    [Fact]
    public async Task The_number_of_a_list_only_rises_and_leaving_a_device_out_takes_all_of_it()
    {
        await using RulesWorld world = await NewAsync();
        byte[] first = await world.ListAsync("alice", ["phone", "tablet"]);
        await world.ListAsync("bob", ["phone"]);
        using DevicePreKeys preKeys = world.PreKeys("alice", "tablet");
        await world["alice", "tablet"].PublishPreKeysAsync(preKeys.PreparePublication(default).Encode());
        await world["bob"].DeliverAsync([To("alice", "tablet")]);
        await world["alice"].PublishDeviceListAsync(first);
        world.Clock.Advance(TimeSpan.FromHours(1));
        byte[] second = await world.ListAsync("alice", ["phone"]);
        await RefusedAsync(E2EError.OutdatedDeviceList, () => world["alice"].PublishDeviceListAsync(first));
        await RefusedAsync(E2EError.WrongIdentity, () => world["bob"].PublishDeviceListAsync(second));
        await RefusedAsync(E2EError.InvalidSignature, () => world["alice"].PublishDeviceListAsync(Changed(second)));
        Assert.Equal(second, await world["bob"].GetDeviceListAsync("alice"));
        Assert.Equal([DeliveryOutcome.UnknownDevice], await world["bob"].DeliverAsync([To("alice", "tablet")]));
        Assert.Empty((await world["bob"].ClaimBundlesAsync("alice", [])).Bundles);

        // Back again: an empty mailbox, whose ids go on.
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.ListAsync("alice", ["phone", "tablet"]);
        Assert.Empty((await ReceiveAsync(world["alice", "tablet"])).Items);
        await world["bob"].DeliverAsync([To("alice", "tablet")]);
        Assert.Equal(2, Assert.Single((await ReceiveAsync(world["alice", "tablet"])).Items).Id);
    }

    [Fact]
    public async Task Another_account_key_resets_the_account_only_where_the_caller_is_on_its_list()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone", "tablet"]);
        await world.ListAsync("bob", ["phone"]);
        using (DevicePreKeys preKeys = world.PreKeys("alice"))
        {
            await world["alice"].PublishPreKeysAsync(preKeys.PreparePublication(default).Encode());
        }

        await world["bob"].DeliverAsync([To("alice")]);
        world.Reset("alice");
        world.Clock.Advance(TimeSpan.FromHours(1));
        await RefusedAsync(E2EError.NotAllowed, () => world.ListAsync("alice", ["phone"], by: "tablet"));
        await world.ListAsync("alice", ["phone"], by: "phone");
        Assert.Empty((await world["bob"].ClaimBundlesAsync("alice", [])).Bundles);
        Assert.Single((await ReceiveAsync(world["alice"])).Items);
    }

    [Fact]
    public async Task One_time_pairs_are_handed_out_once_and_a_newer_signed_pair_stays()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone", "tablet"]);
        await world.ListAsync("bob", ["phone"]);
        using DevicePreKeys phone = world.PreKeys("alice");
        using DevicePreKeys tablet = world.PreKeys("alice", "tablet", pairs: 2);
        byte[] publication = phone.PreparePublication(default).Encode();
        Assert.Equal(3, await world["alice"].PublishPreKeysAsync(publication));
        Assert.Equal(3, await world["alice"].PublishPreKeysAsync(publication));
        await world["alice", "tablet"].PublishPreKeysAsync(tablet.PreparePublication(default).Encode());
        await RefusedAsync(E2EError.WrongIdentity, () => world["alice", "tablet"].PublishPreKeysAsync(publication));
        PreKeyStatus status = await world["alice"].GetPreKeyStatusAsync();
        Assert.Equal(3, status.OneTimePreKeys);
        Assert.Equal(phone.PublicationHash.ToArray(), status.PublicationHash.ToArray());

        List<uint?> given = [];
        for (int i = 0; i < 4; i++)
        {
            ClaimedBundles claimed = await world["bob"].ClaimBundlesAsync("alice", i == 0 ? [] : ["tablet"]);
            Assert.Equal(i == 0 ? 2 : 1, claimed.Bundles.Count);
            PreKeyBundle bundle = PreKeyBundle.Decode(claimed.Bundles["phone"].Span);
            bundle.Verify(world.Clock.GetUtcNow(), new PreKeyOptions());
            given.Add(bundle.OneTimePair?.Id);
        }

        Assert.Equal(3, given.OfType<uint>().Distinct().Count());
        Assert.Equal(given.OfType<uint>().Order(), given.OfType<uint>());
        Assert.Null(given[3]);
        Assert.Equal(0, await world["alice"].PublishPreKeysAsync(publication));

        // A later generation replaces the pair, and the earlier publication does not come back.
        world.Clock.Advance(TimeSpan.FromDays(31));
        byte[] later = phone.PreparePublication(new DirectoryState(0, status.PublicationHash)).Encode();
        Assert.Equal(3, await world["alice"].PublishPreKeysAsync(later));
        Assert.Equal(3, await world["alice"].PublishPreKeysAsync(publication));
        PreKeyBundle newer = PreKeyBundle.Decode((await world["bob"].ClaimBundlesAsync("alice", ["tablet"])).Bundles["phone"].Span);
        Assert.Equal(PreKeyPublication.Decode(later).SignedPair.Id, newer.SignedPair.Id);
        await RefusedAsync(E2EError.UnknownDevice, () => world["bob"].ClaimBundlesAsync("nobody", []));
    }

    [Fact]
    public async Task Attack_9_concurrent_claims_never_get_the_same_pair()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone"]);
        await world.ListAsync("bob", ["phone"]);
        using DevicePreKeys phone = world.PreKeys("alice", pairs: 20);
        await world["alice"].PublishPreKeysAsync(phone.PreparePublication(default).Encode());
        ClaimedBundles[] claimed = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => world["bob"].ClaimBundlesAsync("alice", []))));
        uint[] given = [.. claimed.Select(claim => PreKeyBundle.Decode(claim.Bundles["phone"].Span).OneTimePair).OfType<OneTimePreKeyPair>().Select(pair => pair.Id)];
        Assert.Equal(given.Length, given.Distinct().Count());
        PreKeyStatus status = await world["alice"].GetPreKeyStatusAsync();
        Assert.Equal(20, given.Length + status.OneTimePreKeys);
    }

    [Fact]
    public async Task A_device_that_comes_back_with_another_identity_key_begins_anew()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone"]);
        using (DevicePreKeys before = world.PreKeys("alice"))
        {
            await world["alice"].PublishPreKeysAsync(before.PreparePublication(default).Encode());
        }

        await world["alice"].PublishKeyPackagesAsync([new byte[] { 1 }], default);
        Assert.Equal(7, (await ReceiveAsync(world["alice"], revision: 7)).HighestStoreRevision);
        Assert.Equal(7, (await ReceiveAsync(world["alice"], revision: 3)).HighestStoreRevision);
        world.Reinstall("alice", "phone");
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.ListAsync("alice", ["phone"]);
        using DevicePreKeys after = world.PreKeys("alice", pairs: 2);
        Assert.Equal(2, await world["alice"].PublishPreKeysAsync(after.PreparePublication(default).Encode()));
        Assert.Equal(0, (await world["alice"].GetPreKeyStatusAsync()).KeyPackages);
        Assert.Equal(1, (await ReceiveAsync(world["alice"], revision: 1)).HighestStoreRevision);
    }

    [Fact]
    public async Task Key_packages_go_out_once_in_order_and_the_last_resort_stays()
    {
        await using RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone", "tablet"]);
        await world.ListAsync("bob", ["phone"]);
        ReadOnlyMemory<byte>[] packages = [new byte[] { 3 }, new byte[] { 1 }, new byte[] { 3 }];
        Assert.Equal(2, await world["alice"].PublishKeyPackagesAsync(packages, new byte[] { 9 }));
        Assert.Equal([3, 1, 9, 9], await ClaimsAsync(4));
        Assert.Equal(0, await world["alice"].PublishKeyPackagesAsync(packages, default));
        Assert.Equal(1, await world["alice"].PublishKeyPackagesAsync([new byte[] { 2 }], new byte[] { 8 }));
        Assert.Equal([2, 8], await ClaimsAsync(2));

        async Task<byte[]> ClaimsAsync(int count)
        {
            List<byte> claimed = [];
            for (int i = 0; i < count; i++)
            {
                claimed.Add(Assert.Single((await world["bob"].ClaimKeyPackagesAsync("alice")).Bundles, bundle => bundle.Key == "phone").Value.Span[0]);
            }

            return [.. claimed];
        }
    }

    [Fact]
    public async Task An_envelope_is_put_once_for_thirty_days_also_after_it_was_acknowledged()
    {
        await using RulesWorld world = await ArrangeAsync();
        OutgoingEnvelope envelope = To("bob");
        OutgoingEnvelope other = envelope with { Content = new byte[] { 99 } };
        Assert.Equal([DeliveryOutcome.Accepted, DeliveryOutcome.Accepted, DeliveryOutcome.UnknownDevice], await world["alice"].DeliverAsync([envelope, other, To("nobody")]));
        MailboxItem item = Assert.Single((await ReceiveAsync(world["bob"])).Items);
        Assert.Equal(envelope.Content.ToArray(), item.Content.ToArray());
        Assert.Equal((MailboxItemKind.Envelope, new("alice", "phone"), world.Clock.GetUtcNow()), (item.Kind, item.Sender, item.ArrivedAt));
        await world["carol"].AcknowledgeAsync([item.Id]);
        Assert.Single((await ReceiveAsync(world["bob"])).Items);
        await world["bob"].AcknowledgeAsync([item.Id, item.Id, 1000, -1]);
        await world["alice"].DeliverAsync([envelope]);
        Assert.Empty((await ReceiveAsync(world["bob"])).Items);
        await world["carol"].DeliverAsync([envelope]);
        Assert.Single((await ReceiveAsync(world["bob"])).Items);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        Assert.Empty((await ReceiveAsync(world["bob"])).Items);
        await world["alice"].DeliverAsync([envelope]);
        Assert.True(Assert.Single((await ReceiveAsync(world["bob"])).Items).Id > item.Id);
    }

    [Fact]
    public async Task One_sender_fills_a_quarter_and_what_is_past_its_age_takes_no_room()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] big = new byte[RelayLimits.MaxEnvelopeSize];
        OutgoingEnvelope[] request = [.. Enumerable.Range(0, 16).Select(_ => new OutgoingEnvelope(new("bob", "phone"), Id(), big))];
        for (int i = 0; i < 4; i++)
        {
            Assert.All(await world["alice"].DeliverAsync(Fresh()), outcome => Assert.Equal(DeliveryOutcome.Accepted, outcome));
        }

        Assert.Equal([DeliveryOutcome.MailboxFull], await world["alice"].DeliverAsync([To("bob")]));
        Assert.Equal([DeliveryOutcome.MailboxFull], await world["alice", "tablet"].DeliverAsync([To("bob")]));
        Assert.Equal([DeliveryOutcome.Accepted], await world["carol"].DeliverAsync([To("bob")]));
        MailboxPage page = await ReceiveAsync(world["bob"], max: 1000);
        Assert.Equal(16, page.Items.Count);
        await world["bob"].AcknowledgeAsync([page.Items[0].Id]);
        Assert.Equal([DeliveryOutcome.Accepted], await world["alice"].DeliverAsync([To("bob")]));
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        Assert.All(await world["alice"].DeliverAsync(Fresh()), outcome => Assert.Equal(DeliveryOutcome.Accepted, outcome));
        Assert.Equal(16, (await ReceiveAsync(world["bob"], max: 1000)).Items.Count);
        await RefusedAsync(E2EError.LimitExceeded, () => world["alice"].DeliverAsync([.. request, To("bob")]));
        await RefusedAsync(E2EError.LimitExceeded, () => world["alice"].DeliverAsync([new(new("bob", "phone"), Id(), new byte[big.Length + 1])]));

        OutgoingEnvelope[] Fresh() => [.. request.Select(envelope => envelope with { Id = Id() })];
    }

    [Fact]
    public async Task A_page_has_the_oldest_first_leaves_out_what_the_device_holds_and_waits_only_where_there_is_nothing()
    {
        await using RulesWorld world = await ArrangeAsync();
        await world["alice"].DeliverAsync([.. Enumerable.Range(0, 5).Select(n => To("bob", content: (byte)n))]);
        MailboxPage page = await ReceiveAsync(world["bob"], max: 2);
        Assert.Equal([0, 1], page.Items.Select(item => item.Content.Span[0]));
        page = await ReceiveAsync(world["bob"], max: 3, except: [page.Items[0].Id, page.Items[1].Id]);
        Assert.Equal([2, 3, 4], page.Items.Select(item => item.Content.Span[0]));
        Assert.Equal(5, (await ReceiveAsync(world["bob"], wait: s_minute)).Items.Count);
        Task<MailboxPage> waiting = ReceiveAsync(world["carol"], wait: s_minute);
        await WaitingAsync(world);
        await world["alice"].DeliverAsync([To("carol")]);
        Assert.Single((await waiting).Items);
        await world["carol"].AcknowledgeAsync([.. (await ReceiveAsync(world["carol"])).Items.Select(item => item.Id)]);
        waiting = ReceiveAsync(world["carol"], wait: s_minute);
        await WaitingAsync(world);
        world.Clock.Advance(s_minute);
        Assert.Empty((await waiting).Items);
        using var stop = new CancellationTokenSource();
        waiting = world["carol"].ReceiveAsync(new(10, s_minute, 0, []), stop.Token);
        await WaitingAsync(world);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_group_is_created_by_its_first_offer_and_candidates_have_one_order()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] group = [1, 2, 3];
        GroupCommit created = Commit(group, 0) with { Commit = default };
        Assert.Equal(0, await world["alice"].OfferCommitAsync(created));
        Assert.Equal(0, await world["alice"].OfferCommitAsync(created));
        await RefusedAsync(E2EError.InvalidEncoding, () => world["alice"].OfferCommitAsync(Commit(group, 0) with { Commit = default }));
        await RefusedAsync(E2EError.NotAllowed, () => world["bob"].OfferCommitAsync(Commit(group, 0)));
        Assert.Empty(await world["bob"].GetCandidatesAsync(group, 0, 0, 10));

        GroupCommit adding = Commit(group, 0) with { Welcomes = [To("bob"), To("nobody")] };
        Assert.Equal(0, await world["alice"].OfferCommitAsync(adding));
        Assert.Equal(0, await world["alice"].OfferCommitAsync(adding));
        MailboxItem welcome = Assert.Single((await ReceiveAsync(world["bob"])).Items);
        Assert.Equal(MailboxItemKind.Welcome, welcome.Kind);
        Assert.Equal(group, welcome.GroupId.ToArray());
        Assert.Equal(1, await world["bob"].OfferCommitAsync(Commit(group, 0)));
        Assert.Equal(MailboxItemKind.GroupCommit, Assert.Single((await ReceiveAsync(world["alice"])).Items).Kind);
        Assert.Equal(0, await world["bob"].OfferCommitAsync(Commit(group, 1)));
        await RefusedAsync(E2EError.NotAllowed, () => world["bob"].OfferCommitAsync(Commit(group, 3)));
        for (int i = 0; i < RelayLimits.MaxCandidatesPerSender - 1; i++)
        {
            Assert.Equal(i + 1, await world["bob"].OfferCommitAsync(Commit(group, 1)));
        }

        await RefusedAsync(E2EError.LimitExceeded, () => world["bob"].OfferCommitAsync(Commit(group, 1)));
        IReadOnlyList<GroupCandidate> candidates = await world["alice"].GetCandidatesAsync(group, 0, 1, 3);
        Assert.Equal([(0UL, 1), (1UL, 0), (1UL, 1)], candidates.Select(candidate => (candidate.Epoch, candidate.Place)));
        Assert.Equal(new("bob", "phone"), candidates[0].Sender);
        Assert.Empty(await world["carol"].GetCandidatesAsync(group, 0, 0, 10));
    }

    [Fact]
    public async Task Epochs_up_to_the_last_one_compare_without_a_sign()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] group = [7];
        await world["alice"].OfferCommitAsync(Commit(group, (1UL << 63) - 1));
        await world["alice"].OfferCommitAsync(Commit(group, 1UL << 63));
        await world["alice"].OfferCommitAsync(Commit(group, 5));
        await RefusedAsync(E2EError.NotAllowed, () => world["alice"].OfferCommitAsync(Commit(group, ulong.MaxValue)));
        byte[] last = [8];
        await world["alice"].OfferCommitAsync(Commit(last, ulong.MaxValue));
        await world["alice"].OfferCommitAsync(Commit(last, ulong.MaxValue));
        Assert.Equal([5, (1UL << 63) - 1, 1UL << 63], (await world["alice"].GetCandidatesAsync(group, 0, 0, 10)).Select(candidate => candidate.Epoch));
        Assert.Equal([0, 1], (await world["alice"].GetCandidatesAsync(last, ulong.MaxValue, 0, 10)).Select(candidate => candidate.Place));
    }

    [Fact]
    public async Task Who_is_removed_gets_nothing_of_later_epochs_and_only_a_first_candidate_removes()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] group = [4];
        await world["alice"].OfferCommitAsync(Commit(group, 0) with { Welcomes = [To("bob"), To("carol")] });
        await world["alice"].OfferCommitAsync(Commit(group, 1) with { Removed = [new("carol", "phone")] });
        await world["carol"].OfferCommitAsync(Commit(group, 1) with { Removed = [new("bob", "phone")] });
        await EmptyAsync(world, "alice", "bob", "carol");
        await world["alice"].SendToGroupAsync(Message(group, 1));
        await AssertCountsAsync(world, [0, 1, 1], "alice", "bob", "carol");
        await world["alice"].SendToGroupAsync(Message(group, 2));
        await AssertCountsAsync(world, [0, 2, 1], "alice", "bob", "carol");
        await world["carol"].SendToGroupAsync(Message(group, 1));
        await RefusedAsync(E2EError.NotAllowed, () => world["carol"].SendToGroupAsync(Message(group, 2)));
        await world["carol"].SubscribeAsync(group, true);
        await world["carol"].SendToGroupAsync(Message(group, 2));
        await world["bob"].SubscribeAsync(group, false);
        await RefusedAsync(E2EError.NotAllowed, () => world["bob"].SendToGroupAsync(Message(group, 2)));
        await world["bob"].SubscribeAsync(group, true);
        GroupMessage once = Message(group, 2);
        await EmptyAsync(world, "alice", "bob", "carol");
        await world["bob"].SendToGroupAsync(once);
        await world["bob"].SendToGroupAsync(once);
        await AssertCountsAsync(world, [1, 0, 1], "alice", "bob", "carol");
        await world["alice", "tablet"].SubscribeAsync(group, true);
        await RefusedAsync(E2EError.NotAllowed, () => world["alice", "tablet"].SendToGroupAsync(Message(group, 2)));
    }

    [Fact]
    public async Task From_outside_a_device_of_a_member_joins_where_there_is_a_group_info_and_removes_its_own_alone()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] group = [5];
        await world["alice"].OfferCommitAsync(Commit(group, 0) with { Welcomes = [To("bob")] });
        await RefusedAsync(E2EError.NotAllowed, () => world["alice", "tablet"].OfferCommitAsync(Commit(group, 1)));
        byte[] tree = RandomNumberGenerator.GetBytes(3000);
        await world["bob"].OfferCommitAsync(Commit(group, 1) with { GroupInfo = new byte[] { 42 }, Tree = tree });
        await world["bob"].OfferCommitAsync(Commit(group, 2));
        Assert.Equal([42], await world["alice", "tablet"].GetGroupInfoAsync(group));
        Assert.Null(await world["carol"].GetGroupInfoAsync(group));
        Assert.Equal(tree, await world["carol"].GetTreeAsync(SHA256.HashData(tree)));
        await RefusedAsync(E2EError.NotAllowed, () => world["carol"].OfferCommitAsync(Commit(group, 3)));
        await world["alice", "tablet"].OfferCommitAsync(Commit(group, 3) with { Removed = [new("alice", "phone"), new("bob", "phone")] });
        await EmptyAsync(world, "alice", "bob");
        await world["alice", "tablet"].SendToGroupAsync(Message(group, 4));
        await AssertCountsAsync(world, [0, 1], "alice", "bob");

        // The tree of the group info that came last stays, whatever its age.
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        await world.Relay.CleanUpAsync();
        Assert.Equal(tree, await world["carol"].GetTreeAsync(SHA256.HashData(tree)));
        Assert.Equal([3UL], (await world["bob"].GetCandidatesAsync(group, 0, 0, 10)).Select(candidate => candidate.Epoch));
        await world["bob"].OfferCommitAsync(Commit(group, 4) with { GroupInfo = new byte[] { 43 } });
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        await world.Relay.CleanUpAsync();
        Assert.Null(await world["carol"].GetTreeAsync(SHA256.HashData(tree)));
    }

    [Fact]
    public async Task A_long_message_to_many_is_read_by_each_until_each_has_acknowledged_it()
    {
        await using RulesWorld world = await ArrangeAsync();
        byte[] group = [6];
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        await world["alice"].OfferCommitAsync(Commit(group, 0) with { Welcomes = [To("bob"), To("carol"), To("alice", "tablet")] });
        await EmptyAsync(world, "bob", "carol");
        await world["alice"].SendToGroupAsync(Message(group, 1) with { Content = content });
        foreach (string user in (string[])["bob", "carol"])
        {
            MailboxItem item = Assert.Single((await ReceiveAsync(world[user])).Items);
            Assert.Equal(content, item.Content.ToArray());
            await world[user].AcknowledgeAsync([item.Id]);
            await world.Relay.CleanUpAsync();
        }

        Assert.Contains((await ReceiveAsync(world["alice", "tablet"])).Items, item => item.Content.Length == content.Length);
    }

    [Fact]
    public async Task Recovery_copies_and_answers_to_links_are_their_users_alone()
    {
        await using RulesWorld world = await ArrangeAsync();
        await world["alice"].PutRecoveryCopyAsync(new byte[] { 1 });
        await world["alice", "tablet"].PutRecoveryCopyAsync(new byte[] { 2 });
        Assert.Equal([2], await world["alice", "new"].GetRecoveryCopyAsync());
        Assert.Null(await world["bob"].GetRecoveryCopyAsync());
        await RefusedAsync(E2EError.LimitExceeded, () => world["alice"].PutRecoveryCopyAsync(new byte[RelayLimits.MaxRecoveryCopySize + 1]));

        byte[] request = Id();
        Task<byte[]?> waiting = world["alice", "new"].GetLinkAnswerAsync(request, s_minute);
        await WaitingAsync(world);
        await world["bob"].PutLinkAnswerAsync(request, new byte[] { 66 });
        await world["alice"].PutLinkAnswerAsync(request, new byte[] { 1 });
        await world["alice", "tablet"].PutLinkAnswerAsync(request, new byte[] { 2 });
        Assert.Equal([1], await waiting);
        Assert.Equal([1], await world["alice", "new"].GetLinkAnswerAsync(request, TimeSpan.Zero));
        world.Clock.Advance(RelayLimits.LinkAnswerAge);
        Assert.Null(await world["alice", "new"].GetLinkAnswerAsync(request, TimeSpan.Zero));
        await world["alice"].PutLinkAnswerAsync(request, new byte[] { 3 });
        Assert.Equal([3], await world["alice", "new"].GetLinkAnswerAsync(request, TimeSpan.Zero));
    }

    [Fact]
    public async Task Cleaning_up_takes_what_is_past_its_age_and_nothing_else()
    {
        await using RulesWorld world = await ArrangeAsync();
        await world["alice"].DeliverAsync([To("bob"), To("carol")]);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge - TimeSpan.FromSeconds(1));
        OutgoingEnvelope young = To("bob", content: 5);
        await world["alice"].DeliverAsync([young]);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.Relay.CleanUpAsync();
        await world.Relay.CleanUpAsync();
        await world["alice"].DeliverAsync([young]);
        Assert.Equal(5, Assert.Single((await ReceiveAsync(world["bob"])).Items).Content.Span[0]);
        Assert.Empty((await ReceiveAsync(world["carol"])).Items);
    }

    /// <summary>alice (phone, tablet), bob and carol (phone).</summary>
    private async Task<RulesWorld> ArrangeAsync()
    {
        RulesWorld world = await NewAsync();
        await world.ListAsync("alice", ["phone", "tablet"]);
        await world.ListAsync("bob", ["phone"]);
        await world.ListAsync("carol", ["phone"]);
        return world;
    }

    private static async Task WaitingAsync(RulesWorld world)
    {
        while (world.Clock.SetTimers == 0)
        {
            await Task.Yield();
        }
    }

    private static async Task EmptyAsync(RulesWorld world, params string[] users)
    {
        foreach (string user in users)
        {
            await world[user].AcknowledgeAsync([.. (await ReceiveAsync(world[user])).Items.Select(item => item.Id)]);
        }
    }

    private static async Task AssertCountsAsync(RulesWorld world, int[] expected, params string[] users)
    {
        List<int> counts = [];
        foreach (string user in users)
        {
            counts.Add((await ReceiveAsync(world[user])).Items.Count);
        }

        Assert.Equal(expected, counts.ToArray());
    }

    private static Task<MailboxPage> ReceiveAsync(
        IE2ERelay relay, int max = 100, TimeSpan wait = default, long revision = 0, long[]? except = null) =>
        relay.ReceiveAsync(new(max, wait, revision, except ?? []));

    private static async Task RefusedAsync(E2EError reason, Func<Task> call) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(call)).Reason);

    private static OutgoingEnvelope To(string user, string device = "phone", byte content = 1) => new(new(user, device), Id(), new[] { content });

    private static GroupCommit Commit(byte[] group, ulong epoch) => new(group, epoch, Id(), new byte[] { 1 }, [], [], default, default);

    private static GroupMessage Message(byte[] group, ulong epoch) => new(group, epoch, Id(), new byte[] { 1 });

    private static byte[] Id() => RandomNumberGenerator.GetBytes(16);

    private static byte[] Changed(byte[] encoded)
    {
        byte[] changed = [.. encoded];
        changed[^1] ^= 1;
        return changed;
    }
}
