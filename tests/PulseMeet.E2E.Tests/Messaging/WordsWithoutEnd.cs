using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attacks 43 and 57: what devices say to each other is told to no app, so that nobody would see it fill a store.</summary>
public sealed class WordsWithoutEnd
{
    private const int Many = 300;

    [Fact]
    public async Task Somebody_who_was_not_accepted_fills_nothing_by_naming_another_stream_with_each_word()
    {
        await using var world = new World();
        Member mallory = await world.SignUpAsync("mallory");
        Member bob = await world.SignUpAsync("bob");
        await mallory.SayAsync("bob", "hello");
        await world.SettleAsync(2);
        await SayOfManyStreamsAsync(world, mallory, bob, ContentType.Delivered);
        await SayOfManyStreamsAsync(world, mallory, bob, ContentType.Unavailable);
        await bob.SyncAsync();
        Assert.InRange(await CountAsync(bob, RecordKey.IncomingStreams), 1, 2);
        Assert.Equal(0, await CountAsync(bob, RecordKey.Gaps));

        // What is said to be missing once he is accepted is missing.
        await bob.Client.AcceptAsync("mallory");
        await mallory.SayAsync("bob", "again");
        await world.SettleAsync(3);
        Assert.Equal(["hello", "again"], bob.Texts);
    }

    [Fact]
    public async Task A_contact_who_names_another_stream_with_each_word_lets_a_bounded_number_be_kept_in_a_day()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await SayOfManyStreamsAsync(world, alice, bob, ContentType.Delivered);
        await bob.SyncAsync();
        Assert.InRange(await CountAsync(bob, RecordKey.IncomingStreams), 64, 66);
        Assert.InRange(await CountAsync(bob, RecordKey.Gaps), 64, 66);

        // A day later as many again; and a message in a stream of its own is one at any time.
        world.Clock.Advance(TimeSpan.FromHours(25));
        await SayOfManyStreamsAsync(world, alice, bob, ContentType.Delivered);
        await bob.SyncAsync();
        Assert.InRange(await CountAsync(bob, RecordKey.IncomingStreams), 128, 132);
        await alice.SayAsync("bob", "two");
        await world.SettleAsync(2);
        Assert.Equal(["one", "two"], bob.Texts);
    }

    [Fact]
    public async Task A_member_who_names_another_stream_with_each_line_lets_a_bounded_number_be_kept_in_a_day()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(3);
        Engine engine = await bob.Client.OpenAsync(default);
        await engine.Core.ChangeAsync(
            [Gates.Pulse(pulse.Id), .. engine.Conversations.Turns("alice")],
            async work =>
            {
                byte[] line = new PulseLine(PulseLine.Says, 0, (await work.PulseAsync(pulse.Id))!.Group!.Statement()).Encode();
                await SealManyAsync(world, engine, work, alice, ConversationName.Pulse(pulse.Id.ToArray()), ContentType.PulseLine, line);
            },
            default);
        await engine.Outbox.SendAsync(default);
        await alice.SyncAsync();
        Assert.InRange(await CountAsync(alice, RecordKey.PulseStreams), 64, 68);
        Assert.InRange(await CountAsync(alice, RecordKey.IncomingStreams), 64, 72);
        await bob.TellAsync(pulse.Id, "two");
        await world.SettleAsync(3);
        Assert.Equal(["one", "two"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>Mallory begins two sessions, writes on the one that comes above, and says on the other that hers are broken.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Somebody_who_was_not_accepted_has_nobody_begin_sessions_by_saying_that_his_are_broken(bool isAccepted)
    {
        await using var world = new World();
        Member mallory = await world.SignUpAsync("mallory");
        Member bob = await world.SignUpAsync("bob");
        if (isAccepted)
        {
            await mallory.SayAsync("bob", "hello");
            await world.SettleAsync(1);
            await bob.Client.AcceptAsync("mallory");
        }

        PreKeyBundle[] bundles = [await world.Relay.BundleOfAsync(bob.Address), await world.Relay.BundleOfAsync(bob.Address)];
        DeviceList list = await world.Relay.ListOfAsync("bob");
        Engine engine = await mallory.Client.OpenAsync(default);
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns("bob"),
            async work =>
            {
                UserRecord own = await engine.Conversations.OwnAsync(work);
                UserRecord user = (await new DeviceLists(engine.Core).ApplyAsync(work, "bob", list.Encode(), Standing.Accepted))!;
                DeviceCertificate device = user.List.Find("phone")!;
                await work.BeginAsync(user, bundles[0]);
                SessionEntry below = (await work.PeerAsync(device)).Book.Active!;
                await work.BeginAsync(user, bundles[1]);
                var stream = new StreamName(mallory.Address, engine.Core.StreamId, ConversationName.Direct("mallory", "bob"));
                Assert.NotNull(await work.TrySealAsync(own, user, device, new Draft(stream, 9, work.Now, ContentType.Text, "above"u8.ToArray())));

                RatchetSession session = (await work.SessionAsync(bob.Address, below.Id))!;
                MessageId id = EnvelopeId.New(engine.Core.Identity.Certificate.IdentityKey, device.IdentityKey);
                var content = new SealedContent(stream, 0, 9, work.Now, own.View, user.View, below.Generation, ContentType.Repair, default);
                byte[] message = session.Seal(content.Encode(), SealedEnvelope.AssociatedData(SealedEnvelope.Stored, id.ToArray(), mallory.Address, bob.Address));
                work.ChangeSession(bob.Address, below.Id);
                work.AddOutgoing(new OutboxRecord(bob.Address, id, SealedEnvelope.Encode(SealedEnvelope.Stored, message)));
            },
            default);
        await engine.Outbox.SendAsync(default);
        Engine bobs = await bob.Client.OpenAsync(default);
        await bobs.Receiver.ReceiveAsync(TimeSpan.Zero, default, default);
        await bob.TakeEventsAsync();
        Assert.DoesNotContain(bob.Seen, e => e is MessageUnreadable);
        Assert.Equal(isAccepted ? 1 : 0, await CountAsync(bob, RecordKey.Repairs));
    }

    /// <summary>More devices than are looked at at a time have had all the repairs of a day.</summary>
    [Fact]
    public async Task Devices_that_may_have_no_more_repairs_today_keep_no_other_from_being_repaired()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Engine engine = await bob.Client.OpenAsync(default);
        DeviceCertificate keys = (await world.Relay.ListOfAsync("alice")).Devices[0];
        foreach (string user in new[] { "a1", "a2" })
        {
            using var account = Ed25519KeyPair.Generate();
            DeviceCertificate[] devices = [.. Enumerable.Range(0, 64).Select(i => DeviceCertificate.Issue(
                account, new DeviceAddress(user, $"d{i:00}"), keys.IdentityKey, keys.SigningKey, keys.MlsKey, keys.NotBefore, keys.NotAfter))];
            byte[] list = DeviceList.Sign(account, devices, null, world.Clock).Encode();
            await engine.Core.ChangeAsync(
                engine.Conversations.Turns(user),
                async work =>
                {
                    Assert.NotNull(await new DeviceLists(engine.Core).ApplyAsync(work, user, list, Standing.Accepted));
                    foreach (DeviceCertificate device in devices)
                    {
                        PeerRecord peer = await work.PeerAsync(device);
                        while (peer.TryRepair(work.Now))
                        {
                        }

                        await Controls.WantRepairAsync(work, device.Address, null);
                    }
                },
                default);
        }

        world.Relay.OnTheWay = (sender, envelope) => sender != alice.Address ? [envelope]
            : [envelope with { Content = envelope.Content.ToArray().Select((value, i) => (byte)(i == envelope.Content.Length - 1 ? ~value : value)).ToArray() }];
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        await world.SettleAsync(4);
        Assert.True(Assert.Single(bob.Seen.OfType<MessageUnreadable>()).IsAskedForAgain);
        Assert.Equal(["one", "two"], bob.Texts);
    }

    private static async Task SayOfManyStreamsAsync(World world, Member from, Member to, ushort type)
    {
        Engine engine = await from.Client.OpenAsync(default);
        byte[] body = new ResendNames(StreamId.New(world.Clock.GetUtcNow()), [], []).Encode();
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns(to.UserId),
            work => SealManyAsync(world, engine, work, to, ConversationName.Direct(from.UserId, to.UserId), type, body),
            default);
        await engine.Outbox.SendAsync(default);
    }

    /// <summary>Words of which each has another stream, in which it says that five messages were sent.</summary>
    private static async Task SealManyAsync(
        World world, Engine engine, Work work, Member to, ConversationName conversation, ushort type, byte[] body)
    {
        UserRecord own = await engine.Conversations.OwnAsync(work);
        UserRecord peer = (await work.UserAsync(to.UserId))!;
        for (int i = 0; i < Many; i++)
        {
            MessageId stream = StreamId.New(world.Clock.GetUtcNow());
            work.PutOtherStream(conversation, stream, 5);
            var draft = new Draft(new StreamName(engine.Core.Address, stream, conversation), 0, world.Clock.GetUtcNow(), type, body);
            Assert.NotNull(await work.TrySealAsync(own, peer, peer.List.Find(to.Address.DeviceId)!, draft));
        }
    }

    private static async Task<int> CountAsync(Member member, byte table) =>
        (await (await member.Client.OpenAsync(default)).Core.Store.ScanKeysAsync(table, default, default, 10_000)).Count;
}
