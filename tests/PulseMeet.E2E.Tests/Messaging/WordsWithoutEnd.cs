using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
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
