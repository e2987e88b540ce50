using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Several devices, lists that change or are withheld, account keys that are swapped, and coming back. Attacks 44 to 46 and 48.</summary>
public sealed class ClientDevices
{
    [Fact]
    public async Task A_message_reaches_all_devices_of_both_and_everybody_sees_the_same()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member aliceLaptop = await world.LinkAsync(alice, "laptop");
        Member bobLaptop = await world.LinkAsync(bob, "laptop");
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bobLaptop.Client.AcceptAsync("alice");
        await aliceLaptop.Client.AcceptAsync("bob");
        MessageId id = await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        MessageId answer = await bobLaptop.SayAsync("alice", "hello");
        await world.SettleAsync();

        Assert.Equal(["hello"], alice.Texts);
        Assert.Equal(["hi"], bobLaptop.Texts);
        Assert.Equal(["hi", "hello"], aliceLaptop.Texts.OrderDescending());
        Assert.Equal(["hi", "hello"], bob.Texts.OrderDescending());
        MessageReceived copy = aliceLaptop.Messages.Single(message => message.Sender.UserId == "alice");
        Assert.Equal(id, copy.Id);
        Assert.Equal("bob", copy.ConversationWith);
        Assert.Contains(bob.Messages, message => message.Id == answer && message.ConversationWith == "alice");
    }

    [Fact]
    public async Task A_removed_device_gets_nothing_more_and_is_believed_nothing_more()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(bob, "laptop");
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "both");
        await laptop.Client.AcceptAsync("alice");
        await laptop.SayAsync("alice", "from the laptop");
        await world.SettleAsync();
        Assert.Equal(["from the laptop"], alice.Texts);
        Assert.Contains("both", laptop.Texts);

        await bob.Client.RemoveDeviceAsync("laptop");
        int before = world.Relay.Delivered.Count;
        laptop.IsActive = false;
        await laptop.SayAsync("alice", "stolen");
        await bob.SayAsync("alice", "it is gone");
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "only you");
        await world.SettleAsync();
        Assert.Equal(["both", "only you"], bob.Texts.Where(text => text != "from the laptop"));
        Assert.DoesNotContain(world.Relay.Delivered.Skip(before), item => item.Envelope.Recipient == laptop.Address);

        // What the removed one still sends, the relay may pass on: it is not believed.
        IReadOnlyList<OutgoingEnvelope> stolen = await laptop.Client.GetOutboxAsync(10);
        foreach (OutgoingEnvelope envelope in stolen.Where(envelope => envelope.Recipient == alice.Address))
        {
            world.Relay.Put(laptop.Address, envelope);
        }

        Assert.NotEmpty(stolen);
        await world.SettleAsync();
        Assert.DoesNotContain("stolen", alice.Texts);
        Assert.Contains(alice.Seen, e => e is MessageUnreadable { Reason: E2EError.UnlistedDevice });
        Assert.Contains(alice.Seen, e => e is DeviceListChanged { UserId: "bob" } changed && changed.Removed.Contains("laptop"));
    }

    [Fact]
    public async Task An_older_list_shown_again_one_that_is_frozen_and_one_shown_to_one_contact_only_are_noticed()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        DeviceList old = await world.Relay.ListOfAsync("bob");
        Member laptop = await world.LinkAsync(bob, "laptop");
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();

        // The relay shows Alice the list from before; Bob's content names the newer one.
        world.Relay.ShownList = (caller, user, list) => caller == alice.Address && user == "bob" ? old : list;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "hello");
        await alice.SayAsync("bob", "again");
        await world.SettleAsync();
        Assert.Contains(alice.Seen, e => e is DeviceListSuspicious { UserId: "bob" });

        // Nobody signs Bob's list any more, or the relay keeps it: after 30 days it is told.
        Member carol = await world.SignUpAsync("carol");
        await carol.SayAsync("bob", "hi");
        bob.IsActive = laptop.IsActive = alice.IsActive = false;
        world.Clock.Advance(TimeSpan.FromDays(31));
        await carol.SayAsync("bob", "hi");
        await world.SettleAsync();
        Assert.Contains(carol.Seen, e => e is DeviceListSuspicious { UserId: "bob" });
    }

    [Fact]
    public async Task A_content_by_a_newer_list_lets_that_list_be_asked_for_at_once_however_new_the_known_one_is()
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.FromDays(1) };
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        Member laptop = await world.LinkAsync(bob, "laptop");
        await laptop.Client.AcceptAsync("alice");
        laptop.IsActive = false;
        await bob.SayAsync("alice", "by the newer list");
        await alice.SyncAsync();
        await bob.SyncAsync();
        await alice.SyncAsync();
        await alice.SayAsync("bob", "to both");
        await alice.SyncAsync();
        Assert.Contains(world.Relay.Delivered, item => item.Sender == alice.Address && item.Envelope.Recipient == laptop.Address);
    }

    [Fact]
    public async Task Of_two_lists_under_one_number_the_contents_hash_tells()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();

        // Somebody with the account's key has signed another list under the number that Alice knows, and shows it to others.
        Engine engine = await bob.Client.OpenAsync(default);
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns("alice"),
            async work =>
            {
                UserRecord own = await engine.Conversations.OwnAsync(work);
                UserRecord peer = (await work.UserAsync("alice"))!;
                using Ed25519KeyPair key = (await engine.Account.AccountKeyAsync(default))!;
                DeviceCertificate phone = own.List.Devices[0];
                var other = DeviceCertificate.Issue(
                    key, phone.Address, phone.IdentityKey, phone.SigningKey, phone.MlsKey, phone.NotBefore, phone.NotAfter.AddSeconds(1));
                UserRecord forked = own with { List = DeviceListCodec.Sign(key, [other], null, own.List.SignedAt) };
                Assert.Equal(own.List.Number, forked.List.Number);
                Assert.NotEqual(own.View, forked.View);
                Draft draft = engine.Conversations.Control(ConversationName.Direct("alice", "bob"), ContentType.Repair, default);
                Assert.NotNull(await work.TrySealAsync(forked, peer, peer.List.Devices[0], draft));
            },
            default);
        await world.SettleAsync();
        Assert.Contains(alice.Seen, e => e is DeviceListSuspicious { UserId: "bob" });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_directory_that_swaps_the_account_key_of_a_contact_is_noticed_and_stops_a_verified_one(bool isVerified)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        if (isVerified)
        {
            SafetyNumber number = await bob.Client.GetSafetyNumberAsync("alice");
            await alice.Client.MarkVerifiedAsync("bob", number);
            Assert.True(await alice.Client.IsVerifiedAsync("bob"));
        }

        // Somebody else under Bob's name, in a world of his own, whose list and keys the directory shows to Alice.
        await using var elsewhere = new World();
        Member mallory = await elsewhere.SignUpAsync("bob");
        DeviceList swapped = await elsewhere.Relay.ListOfAsync("bob");
        world.Relay.ShownList = (caller, user, list) => caller == alice.Address && user == "bob" ? swapped : list;
        byte[] bundle = (await elsewhere.Relay.BundleOfAsync(mallory.Address)).Encode();
        world.Relay.ShownBundles = (caller, user, claimed) => caller == alice.Address && user == "bob"
            ? claimed with { Bundles = new Dictionary<string, ReadOnlyMemory<byte>> { ["phone"] = bundle } }
            : claimed;
        world.Clock.Advance(TimeSpan.FromHours(2));
        int before = world.Relay.Delivered.Count;
        await alice.SayAsync("bob", "secret");
        await alice.SyncAsync();

        AccountKeyChanged changed = Assert.Single(alice.Seen.OfType<AccountKeyChanged>());
        Assert.Equal(isVerified, changed.WasVerified);
        Assert.Equal(isVerified, changed.IsStopped);
        Assert.False(await alice.Client.IsVerifiedAsync("bob"));
        Assert.Equal(isVerified, world.Relay.Delivered.Count == before);
        if (isVerified)
        {
            E2EException refused = await Assert.ThrowsAsync<E2EException>(() => alice.SayAsync("bob", "more"));
            Assert.Equal(E2EError.AccountKeyChanged, refused.Reason);
            await alice.Client.AcceptAccountKeyAsync(changed);
            await alice.SyncAsync();
            Assert.NotEqual(before, world.Relay.Delivered.Count);
        }
    }

    /// <summary>What waits for the app's word are messages: a signal is passed on at once or lost.</summary>
    [Fact]
    public async Task A_signal_from_under_an_account_key_that_was_not_accepted_takes_no_place_and_becomes_no_message_afterwards()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
        (await bob.Client.ResetAccountAsync()).Dispose();
        await bob.Client.AcceptAsync("alice");
        await bob.SayAsync("alice", "two");
        await world.SettleAsync(3);
        AccountKeyChanged changed = alice.Seen.OfType<AccountKeyChanged>().Last();
        Assert.True(changed.IsStopped);
        byte[] signal = SealedEnvelope.Encode(SealedEnvelope.Passing, new byte[200]);
        await alice.Client.PushAsync(
        [
            .. Enumerable.Range(1, 300).Select(i => new MailboxItem(
                0, MailboxItemKind.Signal, bob.Address, default, Enumerable.Repeat((byte)i, 16).ToArray(), world.Clock.GetUtcNow(), signal)),
        ]);
        await bob.SayAsync("alice", "three");
        await world.SettleAsync(2);
        await alice.Client.AcceptAccountKeyAsync(changed);
        await world.SettleAsync(3);
        Assert.DoesNotContain(alice.Seen, e => e is MessageUnreadable);
        Assert.Equal(["two", "three"], alice.Texts);
    }

    [Fact]
    public async Task Somebody_who_lost_every_device_comes_back_under_the_same_account_key()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = world.Device("bob");
        using RecoveryKey recovery = await bob.Client.SignUpAsync();
        await bob.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();

        await bob.LoseAsync();
        using RecoveryKey typed = RecoveryKey.Parse(recovery.ToText());
        await bob.Client.RecoverAsync(typed);
        bob.Seen.Clear();
        await bob.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Contains("two", bob.Texts);
        Assert.DoesNotContain(alice.Seen, e => e is AccountKeyChanged);
        await bob.SayAsync("alice", "back");
        await world.SettleAsync();
        Assert.Contains("back", alice.Texts);

        using RecoveryKey next = await bob.Client.ReplaceRecoveryKeyAsync();
        Member other = world.Device("bob", "tablet");
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => other.Client.RecoverAsync(typed));
        Assert.Equal(E2EError.NotAuthentic, refused.Reason);
    }

    [Fact]
    public async Task A_clock_that_is_behind_the_last_list_keeps_nobody_from_coming_back()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = world.Device("bob");
        using RecoveryKey recovery = await bob.Client.SignUpAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        (await world.LinkAsync(bob, "tablet")).IsActive = false;

        world.ClientClock = new LaggingClock(world.Clock) { Lag = TimeSpan.FromHours(1) };
        await bob.LoseAsync();
        await bob.Client.RecoverAsync(recovery);
        await bob.Client.AcceptAsync("alice");
        await bob.SayAsync("alice", "back");
        await alice.Client.AcceptAsync("bob");
        await world.SettleAsync();
        Assert.Equal(["back"], alice.Texts);
        Assert.Equal(["phone"], (await world.Relay.ListOfAsync("bob")).Devices.Select(device => device.Address.DeviceId));
    }

    [Fact]
    public async Task A_reset_account_is_told_to_contacts()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        (await bob.Client.ResetAccountAsync()).Dispose();
        await bob.SayAsync("alice", "it is me");
        await world.SettleAsync();
        Assert.Contains(alice.Seen, e => e is AccountKeyChanged { UserId: "bob" });
        Assert.Contains("it is me", alice.Texts);
        await alice.SayAsync("bob", "is it?");
        await world.SettleAsync();
        Assert.Contains("is it?", bob.Texts);
    }

    [Fact]
    public async Task A_clock_that_was_ten_years_ahead_and_is_set_back_lets_renewal_and_messages_go_on()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromDays(3650));
        world.RelayClock.Lag = TimeSpan.FromDays(3650);
        await alice.SayAsync("bob", "two");
        await bob.SayAsync("alice", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromDays(-3650));
        world.RelayClock.Lag = TimeSpan.Zero;
        await alice.RestartAsync();
        await bob.RestartAsync();
        await alice.SayAsync("bob", "four");
        await bob.SayAsync("alice", "five");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromDays(8));
        await alice.SayAsync("bob", "six");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "four", "six"], bob.Texts);
        Assert.Equal(["three", "five"], alice.Texts);
        Assert.True((await world.Relay.ListOfAsync("alice")).SignedAt >= world.Clock.GetUtcNow() - TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task A_device_without_keys_is_told_once_and_not_waited_for()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Engine signer = await bob.Client.OpenAsync(default);
        using (Ed25519KeyPair account = (await signer.Account.AccountKeyAsync(default))!)
        using (DeviceIdentity silent = DeviceIdentity.Create(account, new DeviceAddress("bob", "silent"), world.Clock))
        {
            await signer.Account.SignListAsync(devices => [.. devices, silent.Certificate], default);
        }

        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
        Assert.Equal(new DeviceAddress("bob", "silent"), Assert.Single(alice.Seen.OfType<DeviceUnreachable>()).Device);
    }

    [Fact]
    public async Task A_linking_payload_that_is_replayed_too_old_anothers_or_answered_by_the_server_gives_no_device()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = world.Device("alice", "laptop");
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        Assert.Equal(E2EError.WrongIdentity, (await Assert.ThrowsAsync<E2EException>(() => bob.Client.ApproveLinkAsync(request.Payload))).Reason);
        await alice.Client.ApproveLinkAsync(request.Payload);
        Assert.Equal(E2EError.LinkRefused, (await Assert.ThrowsAsync<E2EException>(() => alice.Client.ApproveLinkAsync(request.Payload))).Reason);
        byte[] answer = (await world.Relay.Connect(laptop.Address).GetLinkAnswerAsync(request.CopyId(), TimeSpan.Zero))!;

        // The server changes a bit of the answer.
        Member tablet = world.Device("alice", "tablet");
        using LinkRequest other = await tablet.Client.RequestLinkAsync();
        await world.Relay.Connect(alice.Address).PutLinkAnswerAsync(other.CopyId(), answer);
        await Assert.ThrowsAnyAsync<E2EException>(() => tablet.Client.CompleteLinkAsync(other));
        await laptop.Client.CompleteLinkAsync(request);
        await Assert.ThrowsAsync<InvalidOperationException>(() => laptop.Client.CompleteLinkAsync(request));

        Member late = world.Device("alice", "late");
        using LinkRequest old = await late.Client.RequestLinkAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(E2EError.LinkRefused, (await Assert.ThrowsAsync<E2EException>(() => alice.Client.ApproveLinkAsync(old.Payload))).Reason);
        Assert.Equal(["laptop", "phone"], (await world.Relay.ListOfAsync("alice")).Devices.Select(device => device.Address.DeviceId));
    }

    [Fact]
    public async Task A_linking_payload_that_was_answered_brings_the_device_that_was_removed_since_not_back()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = world.Device("alice", "laptop");
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        await alice.Client.ApproveLinkAsync(request.Payload);
        await laptop.Client.CompleteLinkAsync(request);
        await alice.Client.RemoveDeviceAsync("laptop");
        await alice.RestartAsync();

        // Whoever has the laptop shows the same code again, within its ten minutes.
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => alice.Client.ApproveLinkAsync(request.Payload));
        Assert.Equal(E2EError.LinkRefused, refused.Reason);
        Assert.Equal(["phone"], (await world.Relay.ListOfAsync("alice")).Devices.Select(device => device.Address.DeviceId));
    }

    [Fact]
    public async Task An_approval_that_was_interrupted_is_finished_by_the_next_upkeep()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = world.Device("alice", "laptop");
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        world.Relay.Before = (_, call) => call == "publish list" ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.ApproveLinkAsync(request.Payload));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        alice.Crash();
        await alice.SyncAsync();

        // Nobody waits for an answer that is not there.
        world.Relay.OnNoAnswer = () => world.Clock.Advance(TimeSpan.FromMinutes(11));
        await laptop.Client.CompleteLinkAsync(request);
        Assert.NotNull((await world.Relay.ListOfAsync("alice")).Find("laptop"));
    }

    [Fact]
    public async Task An_approval_that_a_newer_list_has_overtaken_is_dropped_and_nothing_false_is_told()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member tablet = await world.LinkAsync(alice, "tablet");
        await world.SettleAsync(1);
        tablet.IsActive = false;
        Member laptop = world.Device("alice", "laptop");
        laptop.IsActive = false;
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        world.Relay.Before = (_, call) => call == "publish list" ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.ApproveLinkAsync(request.Payload));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await alice.Client.RemoveDeviceAsync("tablet");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SyncAsync();
        Assert.DoesNotContain(alice.Seen, told => told is DeviceListSuspicious);
        Assert.Equal("phone", Assert.Single((await world.Relay.ListOfAsync("alice")).Devices).Address.DeviceId);

        // The laptop asks once more.
        using LinkRequest again = await laptop.Client.RequestLinkAsync();
        await alice.Client.ApproveLinkAsync(again.Payload);
        await laptop.Client.CompleteLinkAsync(again);
    }

    [Fact]
    public async Task The_first_message_of_a_device_that_came_a_moment_ago_is_read()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await laptop.SayAsync("bob", "two");
        await world.SettleAsync();
        Member tablet = await world.LinkAsync(alice, "tablet");
        await tablet.Client.AcceptAsync("bob");
        await tablet.SayAsync("bob", "three");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three"], bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessageUnreadable);
    }

    [Fact]
    public async Task A_device_that_was_removed_is_told_at_the_next_call()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(alice, "laptop");
        await world.SettleAsync(1);
        await alice.Client.RemoveDeviceAsync("laptop");
        await using IAsyncEnumerator<E2EEvent> events = laptop.Client.ReadEventsAsync().GetAsyncEnumerator();
        while (await events.MoveNextAsync() && events.Current is not DeviceRemoved)
        {
        }

        Assert.IsType<DeviceRemoved>(events.Current);
    }

    [Fact]
    public async Task A_relay_that_has_lost_the_newest_device_list_gets_it_again()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        DeviceList old = await world.Relay.ListOfAsync("alice");
        Member laptop = await world.LinkAsync(alice, "laptop");
        DeviceList newest = await world.Relay.ListOfAsync("alice");
        int published = 0;
        world.Relay.ShownList = (_, _, list) => published == 0 ? old : list;
        world.Relay.Before = (_, call) =>
        {
            published += call == "publish list" ? 1 : 0;
            return Task.CompletedTask;
        };
        await laptop.SyncAsync();
        Assert.Equal(1, published);
        Assert.Equal(newest, await world.Relay.ListOfAsync("alice"));
        await laptop.RestartAsync();
        await laptop.SyncAsync();
        Assert.Equal(1, published);
    }

    [Fact]
    public async Task A_certificate_is_renewed_in_time_in_the_middle_of_a_session_and_no_message_is_lost()
    {
        await using var world = new World();
        world.RelayClock.Lag = TimeSpan.FromMinutes(2);
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        DateTimeOffset end = (await world.Relay.ListOfAsync("alice")).Find("laptop")!.NotAfter;

        // A year before their end the certificates are renewed, those of the other devices, too. A message waits meanwhile until Bob, whose
        // prekeys are years old, has new ones.
        world.Clock.Advance(end - world.Clock.GetUtcNow() - TimeSpan.FromDays(360));
        await laptop.SayAsync("bob", "two");
        await laptop.Client.SynchronizeAsync();
        await world.SettleAsync();
        Assert.All((await world.Relay.ListOfAsync("alice")).Devices, device => Assert.True(device.NotAfter > end));

        // The first ones have run out: the sessions go on, and new ones begin.
        world.Clock.Advance(TimeSpan.FromDays(370));
        await world.SettleAsync(2);
        await bob.SayAsync("alice", "three");
        await laptop.SayAsync("bob", "four");
        Member carol = await world.SignUpAsync("carol");
        await carol.Client.AcceptAsync("alice");
        await alice.SayAsync("carol", "five");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "four"], bob.Texts);
        Assert.Equal(["three"], alice.Texts.Where(text => text == "three"));
        Assert.Contains("three", laptop.Texts);
        Assert.Equal(["five"], carol.Texts);
        Assert.DoesNotContain(alice.Seen.Concat(bob.Seen).Concat(laptop.Seen), e => e is MessageUnreadable or MessagesMissing);
    }

    [Fact]
    public async Task A_wiped_device_keeps_nothing()
    {
        await using var world = new World();
        (Member alice, _) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.Client.WipeAsync();
        for (byte table = 0; table < 4; table++)
        {
            Assert.Empty(await alice.Store.ScanAsync(table, default, default, 10));
        }
    }

    [Fact]
    public async Task Prekeys_are_refilled_and_renewed_without_anyone_asking()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        for (int i = 0; i < 12; i++)
        {
            Member friend = await world.SignUpAsync($"f{i}");
            await friend.SayAsync("alice", "hi");
            await world.SettleAsync(1);
        }

        await world.SettleAsync(1);
        byte[] first = (await world.Relay.BundleOfAsync(alice.Address)).SignedPair.Encode();
        Assert.Equal(12, alice.Seen.OfType<MessageRequested>().Count());
        world.Clock.Advance(TimeSpan.FromDays(31));
        await alice.SyncAsync();
        Assert.NotEqual(first, (await world.Relay.BundleOfAsync(alice.Address)).SignedPair.Encode());
    }
}
