using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What belongs to the whole device, its stream and its prekeys, is changed in one turn: whoever numbers a message or opens one meanwhile
/// waits. Attacks 15, 17 and 42: a store holds the change in the middle.</summary>
public sealed class TurnsOfTheDevice
{
    /// <summary>For a call that never comes, which fails a test.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_is_sent_while_a_device_writes_down_that_it_was_put_back_has_no_number_of_the_stream_that_ends()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        bool lies = false;
        HeldStore? held = null;
        world.Through = relay => TwistedRelay.Around(relay, (call, beneath) => call.Name == nameof(IE2ERelay.ReceiveAsync) && lies
            ? LieAsync((Task<MailboxPage>)beneath()!)
            : beneath());
        await alice.RestartAsync(store => held = new HeldStore(store));
        await world.SettleAsync();
        await alice.SayAsync("bob", "before");
        await world.SettleAsync();

        lies = true;
        Task noticing = alice.SyncAsync();
        await held!.Reached.WaitAsync(s_patience);
        Task sending = alice.SayAsync("bob", "meanwhile");
        held.LetGo();
        await Task.WhenAll(noticing, sending);
        await world.SettleAsync();

        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        Assert.Equal(["before", "meanwhile"], bob.Texts);
        MessageId[] streams = [.. bob.Messages.Select(message => message.Sealed.Stream.StreamId)];
        Assert.NotEqual(streams[0], streams[1]);

        // Key packages are doubted first, by a batch of their own.
        async Task<MailboxPage> LieAsync(Task<MailboxPage> honest)
        {
            MailboxPage page = await honest;
            lies = false;
            held!.HoldCommit(2);
            return page with { HighestStoreRevision = page.HighestStoreRevision + 1000 };
        }
    }

    [Fact]
    public async Task What_is_sent_while_an_account_is_reset_is_sealed_for_the_new_one()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        HeldStore? held = null;
        await alice.RestartAsync(store => held = new HeldStore(store));
        await alice.SayAsync("bob", "before");
        await world.SettleAsync();

        held!.HoldCommit(1);
        Task resetting = ResetAsync();
        await held.Reached.WaitAsync(s_patience);
        Task sending = alice.SayAsync("bob", "meanwhile");
        held.LetGo();
        await Task.WhenAll(resetting, sending);
        await world.SettleAsync();

        Assert.Single(bob.Seen.OfType<AccountKeyChanged>());
        Assert.Equal(["before", "meanwhile"], bob.Texts);
        MessageId[] streams = [.. bob.Messages.Select(message => message.Sealed.Stream.StreamId)];
        Assert.NotEqual(streams[0], streams[1]);

        async Task ResetAsync() => (await alice.Client.ResetAccountAsync()).Dispose();
    }

    /// <summary>A batch that could not be written has used up prekeys in memory, which are read out of the store again. What is published meanwhile
    /// is of that reading, or of none.</summary>
    [Fact]
    public async Task Prekeys_that_are_published_while_those_of_a_failed_batch_are_read_anew_open_what_comes_for_them()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        HeldStore? held = null;
        await alice.RestartAsync(store => held = new HeldStore(store));
        Member[] others = [await world.SignUpAsync("bob"), await world.SignUpAsync("carol"), await world.SignUpAsync("dave")];
        foreach (Member other in others)
        {
            await alice.Client.AcceptAsync(other.UserId);
            await other.Client.AcceptAsync("alice");
        }

        // Bob's first message has used up a prekey, so that the next round looks whether the relay has enough of them; Carol takes the rest.
        await alice.SyncAsync();
        await alice.Client.PushAsync(await MailAsync(others[0]));
        IReadOnlyList<MailboxItem> mail = await MailAsync(others[2]);
        for (int i = 0; i < 10; i++)
        {
            await world.Relay.Connect(others[1].Address).ClaimBundlesAsync("alice", []);
        }

        (held!.FailsNext, held.ReadAfterFailure) = (true, 2);
        Task taking = Assert.ThrowsAsync<E2EException>(() => alice.Client.PushAsync(mail));
        await held.Reached.WaitAsync(s_patience);
        Task publishing = alice.SyncAsync();
        held.LetGo();
        await Task.WhenAll(taking, publishing);

        await others[1].SayAsync("alice", "from carol");
        await world.SettleAsync();
        Assert.Equal(["from bob", "from dave", "from carol"], alice.Texts);
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is MessageUnreadable or SessionRepaired or MessagesMissing);

        async Task<IReadOnlyList<MailboxItem>> MailAsync(Member sender)
        {
            await sender.SayAsync("alice", "from " + sender.UserId);
            await sender.SyncAsync();
            return [.. (await world.Relay.Connect(alice.Address).ReceiveAsync(new(10, TimeSpan.Zero, 0, []))).Items
                .Where(item => item.Sender == sender.Address)];
        }
    }

    /// <summary>A pulse chat has a turn of its own: the device may begin another stream while something is said in it. At each read of the store that
    /// belongs to saying it, one after the other.</summary>
    [Fact]
    public async Task What_is_said_in_a_pulse_chat_while_another_stream_begins_has_one_number_in_one_stream()
    {
        int read = 0;
        for (bool happened = true; happened;)
        {
            read++;
            await using var world = new World();
            var clock = new LaggingClock(world.Clock) { Lag = TimeSpan.FromHours(-3) };
            world.ClientClock = clock;
            world.RelayClock.Lag = clock.Lag;
            Member alice = await world.SignUpAsync("alice");
            Member bob = await world.SignUpAsync("bob");
            HeldStore? held = null;
            await alice.RestartAsync(store => held = new HeldStore(store));
            await world.SettleAsync(1);
            PulseId id = (await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 })).Id;
            await world.SettleAsync(2);
            List<MessageId> said = [await alice.TellAsync(id, "before")];

            // After a write that failed, records are looked up in the store again.
            held!.FailsNext = true;
            await Assert.ThrowsAsync<E2EException>(() => alice.TellAsync(id, "not written"));
            world.RelayClock.Lag = clock.Lag = TimeSpan.Zero;
            PulseChat pulse = await alice.PulseAsync(id);
            Receiver receiver = (await alice.Client.OpenAsync(default)).Receiver;
            held.HoldRead(read);
            Task<MessageId> telling = pulse.SendAsync(MessageContent.Deletion(said[0]));
            happened = held.Reached.IsCompleted;
            Task leaving = receiver.ReceiveAsync(TimeSpan.Zero, default, default);
            held.LetGo();
            await Task.WhenAll(telling, leaving);
            said.Add(await telling);
            said.Add(await alice.TellAsync(id, "after"));
            await world.SettleAsync(3);

            PulseMessageReceived[] heard = [.. bob.Seen.OfType<PulseMessageReceived>().Where(message => message.Content is TextContent or DeletionContent)];
            Assert.Equal(said, heard.Select(message => message.Id));
            Assert.NotEqual(heard[0].Sealed.Stream.StreamId, heard[2].Sealed.Stream.StreamId);
        }

        Assert.InRange(read, 3, 100);
    }
}
