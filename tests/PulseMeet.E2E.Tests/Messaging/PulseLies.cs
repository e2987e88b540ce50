using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What one member says of lines, untruly and without end: it silences nobody, and hides and fills nothing that is not its own.</summary>
public sealed class PulseLies
{
    /// <summary>Bob tells Dave, who has just been added, that there is another line, or that the others are further, again and again before anybody else
    /// says a word.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_newcomer_who_is_told_of_another_line_without_end_comes_back_ten_times_and_then_writes_and_reads(bool isFurther)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await pulse.AddAsync("dave");
        alice.IsActive = bob.IsActive = carol.IsActive = false;
        await dave.SyncAsync();
        for (int i = 0; i < 14; i++)
        {
            await LieAsync(world, bob, dave, pulse.Id, isFurther ? 1UL << 40 : 0);
            await dave.SyncAsync();
        }

        Assert.Equal(10, dave.Seen.OfType<PulseRejoined>().Count());
        alice.IsActive = true;
        await dave.TellAsync(pulse.Id, "dave's");
        await world.SettleAsync(3);
        await alice.TellAsync(pulse.Id, "alice's");
        await world.SettleAsync(2);
        Assert.Equal(["dave's"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["alice's"], dave.PulseTexts(pulse.Id));
        Assert.Equal(!isFurther, dave.Seen.OfType<PulseForkSuspected>().Any(fork => fork.With == bob.Address));
    }

    /// <summary>What Alice says counts alike, whether it comes before what Bob says or behind.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_newcomer_who_hears_of_his_line_and_of_another_at_once_stays_whichever_he_hears_first(bool isLieFirst)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await pulse.AddAsync("dave");
        bob.IsActive = carol.IsActive = false;
        await dave.SyncAsync();
        if (isLieFirst)
        {
            await LieAsync(world, bob, dave, pulse.Id);
        }

        await SayTrulyAsync(alice, dave, pulse.Id);
        if (!isLieFirst)
        {
            await LieAsync(world, bob, dave, pulse.Id);
        }

        await dave.SyncAsync();
        await world.SettleAsync(2);
        Assert.DoesNotContain(dave.Seen, e => e is PulseRejoined);
        await dave.TellAsync(pulse.Id, "dave's");
        await world.SettleAsync(2);
        Assert.Equal(["dave's"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>Eve was never in the chat, Carol is no longer, and Bob's tablet is not yet.</summary>
    [Fact]
    public async Task What_somebody_says_of_a_chat_that_he_is_not_in_changes_nothing_there()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member eve = await world.SignUpAsync("eve");
        await eve.SayAsync("alice", "hello");
        await world.SettleAsync(2);
        await alice.Client.AcceptAsync("eve");
        await alice.TellAsync(pulse.Id, "one");
        await pulse.RemoveAsync("carol");
        await world.SettleAsync(3);
        Member tablet = await world.LinkAsync(bob, "tablet");
        bob.IsActive = false;
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromMinutes(20));
        await alice.SyncAsync();
        ulong epoch = await world.EpochAsync(pulse.Id, alice);
        byte[] fork = new ForkStatement(pulse.Id.ToArray(), [new EpochMark(epoch, new byte[32], new byte[32])]).Encode();
        MessageId stream = (await alice.Client.OpenAsync(default)).Core.StreamId;
        (ushort Type, byte[] Body)[] words =
        [
            .. Enumerable.Range(PulseLine.Says, PulseLine.Denies + 1).Select(kind =>
                (ContentType.PulseLine, new PulseLine((byte)kind, 0, fork) { Denied = new byte[kind == PulseLine.Denies ? 32 : 0] }.Encode())),
            (ContentType.PulseLine, new byte[3]),
            (ContentType.ResendRequest, new ResendNames(stream, [new NumberRange(1, 1)], []).Encode()),
            (ContentType.Unavailable, new ResendNames(stream, [new NumberRange(1, 1000)], []).Encode()),
        ];
        int seen = alice.Seen.Count(e => e is PulseEvent);
        foreach (Member speaker in new[] { eve, carol, tablet })
        {
            int before = Count(world, alice, speaker);
            foreach ((ushort type, byte[] body) in words)
            {
                await SayAsStrangerAsync(speaker, alice, pulse.Id, type, body);
                await alice.SyncAsync();
            }

            Assert.Equal(before, Count(world, alice, speaker));
        }

        Assert.Equal(seen, alice.Seen.Count(e => e is PulseEvent));
        Assert.DoesNotContain(alice.Seen, e => e is MessageUnreadable);
    }

    /// <summary>Bob says where he stood, far behind or ahead, and ahead of what he says that he has given.</summary>
    [Theory]
    [InlineData(0UL, false)]
    [InlineData(1UL, true)]
    [InlineData(1UL << 63, false)]
    [InlineData(ulong.MaxValue - 1, false)]
    [InlineData(ulong.MaxValue - 1, true)]
    [InlineData(ulong.MaxValue, true)]
    public async Task Wherever_a_speaker_says_that_it_stood_what_it_and_others_say_afterwards_comes_once(ulong since, bool isLate)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        if (isLate)
        {
            await bob.TellAsync(pulse.Id, "one");
            await world.SettleAsync(2);
        }

        await bob.SayToAsync(alice, pulse.Id, ContentType.PulseLine, group => new PulseLine(PulseLine.Says, since, group.Statement()).Encode());
        await SendAsync(bob);
        await alice.SyncAsync();
        if (!isLate)
        {
            await bob.TellAsync(pulse.Id, "one");
        }

        await bob.TellAsync(pulse.Id, "two");
        await carol.TellAsync(pulse.Id, "carol's");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(3);
        Assert.Equal(["carol's", "one", "two"], alice.PulseTexts(pulse.Id).Order());
        world.AssertNothingIsLost();
    }

    /// <summary>Bob has come back, and of what Carol says inside their session nothing comes for a while. Dave's devices, who were heard before her, never
    /// say where they stood.</summary>
    [Fact]
    public async Task Devices_that_never_say_where_they_stood_keep_nobody_from_being_asked()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await pulse.AddAsync("dave");
        await world.SettleAsync(3);
        dave.IsActive = false;
        using Unheard unheard = Unheard.Of(world, carol, bob);
        await ComeBackAsync(world, bob, carol, pulse.Id);
        await bob.ChangeAsync(pulse.Id, record => record.ToAsk.AddRange(Enumerable.Repeat(dave.Address, PulseRecord.MaxAsked)));
        await carol.TellAsync(pulse.Id, "two");
        await world.SettleAsync(5);
        Assert.Equal(["two"], bob.PulseTexts(pulse.Id));
        unheard.Dispose();
        for (int i = 0; i < 3; i++)
        {
            world.Clock.Advance(TimeSpan.FromHours(1));
            await world.SettleAsync(4);
        }

        Assert.Equal(["two", "one"], bob.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_sender_that_says_nothing_is_asked_where_it_stood_ever_more_seldom()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        using Unheard unheard = Unheard.Of(world, carol, bob);
        await ComeBackAsync(world, bob, carol, pulse.Id);
        await carol.TellAsync(pulse.Id, "two");
        await world.SettleAsync(3);
        carol.IsActive = false;
        Assert.Equal(["two"], bob.PulseTexts(pulse.Id));
        int before = Count(world, bob, carol);
        for (int hour = 0; hour < 72; hour++)
        {
            world.Clock.Advance(TimeSpan.FromHours(1));
            await bob.SyncAsync();
        }

        // After 1, 2, 4, 8 and 16 hours, and then once a day; and each day its line.
        Assert.InRange(Count(world, bob, carol) - before, 6, 12);
    }

    /// <summary>A page of a mailbox may bring a hundred who ask, of an account that has 64 devices.</summary>
    [Fact]
    public void Those_who_are_to_be_told_or_asked_are_bounded_and_the_devices_of_one_account_keep_nobody_elses_out()
    {
        var record = new PulseRecord();
        DeviceAddress[] others = [new("bob", "phone"), new("carol", "phone")];
        foreach (DeviceAddress device in new[] { others[0] }.Concat(Enumerable.Range(0, 200).Select(i => new DeviceAddress("mallory", $"{i}"))).Append(others[1]))
        {
            record.AddToTell(device);
            record.AddToTell(device);
            record.AddToAsk(device);
        }

        Assert.Equal(PulseRecord.MaxTold, record.ToTell.Count);
        Assert.Equal(PulseRecord.MaxAsked, record.ToAsk.Count);
        Assert.Equal(others, record.ToTell.Where(device => device.UserId != "mallory"));
        Assert.Equal(others, record.ToAsk.Where(device => device.UserId != "mallory"));
        Assert.Contains(new DeviceAddress("mallory", "199"), record.ToAsk);
        Assert.Equal(record.ToAsk, PulseRecord.Decode(record.Encode()).ToAsk);
    }

    /// <summary>Alice's store was put back, and of each of her two streams one message was lost on the way to Bob.</summary>
    [Fact]
    public async Task What_is_missing_in_two_streams_of_one_device_is_asked_for_in_both()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        HashSet<string> lost = [];
        bool isLosing = false;
        world.Relay.OnPage = (caller, items) =>
        {
            if (isLosing && caller == bob.Address)
            {
                lost.UnionWith(items.Where(item => item.Kind == MailboxItemKind.GroupMessage).Select(item => Convert.ToHexString(item.EnvelopeId.Span)));
            }

            return caller != bob.Address ? items : [.. items.Where(item => !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        };
        async Task TellAsync(string text, bool isLost)
        {
            isLosing = isLost;
            await alice.TellAsync(pulse.Id, text);
            await world.SettleAsync(3);
            isLosing = false;
        }

        await TellAsync("one", isLost: false);
        await TellAsync("two", isLost: true);
        await TellAsync("three", isLost: false);
        InMemoryStore copy = alice.Store.Copy();
        await alice.SayAsync("carol", "behind the copy");
        await alice.SyncAsync();
        await alice.RestoreAsync(copy);
        await world.SettleAsync(4);
        await TellAsync("four", isLost: false);
        await TellAsync("five", isLost: true);
        await TellAsync("six", isLost: false);
        Assert.Equal(["one", "three", "four", "six"], bob.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["five", "two"], bob.PulseTexts(pulse.Id).Skip(4).Order());
        Assert.Equal(["one", "two", "three", "four", "five", "six"], carol.PulseTexts(pulse.Id));
    }

    /// <summary>Bob cannot follow while Carol says "one", which is the first that she ever says, and comes back.</summary>
    private static async Task ComeBackAsync(World world, Member bob, Member carol, PulseId id)
    {
        bob.IsActive = false;
        await carol.TellAsync(id, "one");
        await world.SettleAsync(2);
        await bob.ChangeAsync(id, record => record.IsRejoinWanted = true);
        bob.IsActive = true;
        await world.SettleAsync(3);
        Assert.Empty(bob.PulseTexts(id));
    }

    /// <summary>Says that at the epoch of the victim, or so far ahead of it, there is something else.</summary>
    private static async Task LieAsync(World world, Member liar, Member victim, PulseId id, ulong ahead = 0)
    {
        ulong epoch = await world.EpochAsync(id, victim) + ahead;
        byte[] statement = new ForkStatement(id.ToArray(), [new EpochMark(epoch, new byte[32], new byte[32])]).Encode();
        await liar.SayToAsync(victim, id, ContentType.PulseLine, _ => new PulseLine(PulseLine.Says, 0, statement).Encode());
        await SendAsync(liar);
    }

    private static async Task SayTrulyAsync(Member member, Member other, PulseId id)
    {
        await member.SayToAsync(other, id, ContentType.PulseLine, group => new PulseLine(PulseLine.Says, 0, group.Statement()).Encode());
        await SendAsync(member);
    }

    /// <summary>Says something of a chat that this device need not hold.</summary>
    private static async Task SayAsStrangerAsync(Member speaker, Member other, PulseId id, ushort type, byte[] body)
    {
        byte[] accountKey = (await other.Client.OpenAsync(default)).Core.Identity.Certificate.AccountKey.ToArray();
        var say = new PulseSayRecord(other.Address, accountKey, id, type, body);
        await (await speaker.Client.OpenAsync(default)).Core.ChangeAsync(
            [],
            work =>
            {
                work.Put(RecordKey.PulseSays, say.Key, say.Encode());
                return Task.CompletedTask;
            },
            default);
        await SendAsync(speaker);
    }

    /// <summary>Sends what waits, without hearing anything.</summary>
    private static async Task SendAsync(Member member)
    {
        Engine engine = await member.Client.OpenAsync(default);
        await engine.Pulses.Words.SayAsync(default);
        await engine.Outbox.SendAsync(default);
    }

    private static int Count(World world, Member sender, Member recipient) => world.Relay.Delivered.Count(
        delivered => delivered.Sender == sender.Address && delivered.Envelope.Recipient == recipient.Address);

    /// <summary>A relay that loses what one device says to another inside their session.</summary>
    private sealed class Unheard : IDisposable
    {
        private readonly HashSet<string> _lost = [];
        private bool _isOver;

        public static Unheard Of(World world, Member speaker, Member listener)
        {
            var unheard = new Unheard();
            world.Relay.OnPage = (caller, items) => caller == listener.Address ? unheard.Without(items, speaker.Address) : items;
            return unheard;
        }

        public void Dispose() => _isOver = true;

        private IReadOnlyList<MailboxItem> Without(IReadOnlyList<MailboxItem> items, DeviceAddress speaker)
        {
            foreach (MailboxItem item in items.Where(item => !_isOver && item.Kind == MailboxItemKind.Envelope && item.Sender == speaker))
            {
                _lost.Add(Convert.ToHexString(item.EnvelopeId.Span));
            }

            return [.. items.Where(item => !_lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        }
    }
}
