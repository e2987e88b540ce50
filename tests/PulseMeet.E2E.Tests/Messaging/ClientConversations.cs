using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What an app developer sees: people write, and everybody has everything, after every restart the same.</summary>
public sealed class ClientConversations
{
    [Fact]
    public async Task Two_people_write_and_read_in_order()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        MessageId id = await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        await bob.SayAsync("alice", "three");
        await world.SettleAsync();

        Assert.Equal(["one", "two"], bob.Texts);
        Assert.Equal(["three"], alice.Texts);
        MessageReceived first = bob.Messages.First();
        Assert.Equal(id, first.Id);
        Assert.Equal(alice.Address, first.Sender);
        Assert.Equal("alice", first.ConversationWith);
        Assert.DoesNotContain(alice.Seen.Concat(bob.Seen), e => e is not MessageReceived);
    }

    [Fact]
    public async Task Somebody_unknown_waits_until_he_is_accepted_and_learns_nothing_before()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await alice.SayAsync("bob", "hello?");
        await alice.SayAsync("bob", "anybody?");
        await world.SettleAsync();
        Assert.Equal("alice", Assert.IsType<MessageRequested>(Assert.Single(bob.Seen)).UserId);
        Assert.Empty(await bob.Client.GetOutboxAsync(100));
        Assert.Empty(await world.Relay.MailboxOfAsync(alice.Address));
        Assert.DoesNotContain(world.Relay.Delivered, item => item.Sender == bob.Address);

        await Assert.ThrowsAsync<E2EException>(() => bob.SayAsync("alice", "not yet"));
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync();
        Assert.Equal(["hello?", "anybody?"], bob.Texts);
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("damaged")]
    public async Task Somebody_unknown_is_asked_for_nothing_that_is_missing_or_does_not_open(string what)
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Relay.OnTheWay = (_, envelope) => what == "lost" ? [] : [envelope with { Content = Damaged(envelope.Content) }];
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.DoesNotContain(world.Relay.Delivered, item => item.Sender == bob.Address);

        // Accepted, he is asked for it as any contact.
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync();
        Assert.Equal(["one", "three", "two"], bob.Texts);
    }

    [Fact]
    public async Task A_blocked_one_is_heard_no_more_and_does_not_notice()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await alice.SayAsync("bob", "hello?");
        await world.SettleAsync();
        await bob.Client.BlockAsync("alice");
        await alice.SayAsync("bob", "hello!");
        await world.SettleAsync();
        Assert.Empty(bob.Texts);
        Assert.Single(bob.Seen);
        Assert.Empty(alice.Seen);
    }

    [Fact]
    public async Task A_restart_between_any_two_steps_changes_nothing()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        for (int i = 0; i < 10; i++)
        {
            await alice.SayAsync("bob", $"a{i}");
            await alice.RestartAsync();
            await bob.SayAsync("alice", $"b{i}");
            await bob.RestartAsync();
            await bob.SyncAsync();
            await bob.RestartAsync();
            await alice.SyncAsync();
            await alice.RestartAsync();
        }

        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a{i}"), bob.Texts);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"b{i}"), alice.Texts);
    }

    [Fact]
    public async Task An_event_that_was_not_acknowledged_is_handed_over_again_under_the_same_number()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.SyncAsync();
        await bob.Client.SynchronizeAsync();
        E2EEvent before = Assert.Single(await bob.Client.PeekAsync(10, default));
        await bob.RestartAsync();
        E2EEvent after = Assert.Single(await bob.Client.PeekAsync(10, default));
        Assert.Equal(before.Sequence, after.Sequence);
        await bob.Client.AcknowledgeAsync(after, default);
        await bob.RestartAsync();
        await bob.Client.SynchronizeAsync();
        Assert.Empty(await bob.Client.PeekAsync(10, default));
    }

    [Fact]
    public async Task The_loop_that_reads_events_acknowledges_by_coming_back()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        await bob.Client.SynchronizeAsync();
        await foreach (E2EEvent next in bob.Client.ReadEventsAsync())
        {
            if (((TextContent)((MessageReceived)next).Content).Value == "two")
            {
                break;
            }
        }

        // The first was acknowledged, the second was not.
        E2EEvent left = Assert.Single(await bob.Client.PeekAsync(10, default));
        Assert.Equal("two", ((TextContent)((MessageReceived)left).Content).Value);
    }

    [Fact]
    public async Task What_waits_is_read_without_waiting_for_more_and_acknowledged_by_coming_back()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        string[] said = [.. Enumerable.Range(0, 120).Select(i => $"{i}")];
        foreach (string text in said)
        {
            await alice.SayAsync("bob", text);
        }

        await alice.SyncAsync();
        await bob.Client.SynchronizeAsync();
        await bob.Client.SynchronizeAsync();
        world.Relay.Before = (_, call) => throw new InvalidOperationException($"The relay was asked: {call}.");
        await foreach (E2EEvent next in bob.Client.ReadWaitingEventsAsync())
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await ReadAsync(bob.Client.ReadWaitingEventsAsync()));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await ReadAsync(bob.Client.ReadEventsAsync()));
            break;
        }

        Assert.Equal(said, await ReadAsync(bob.Client.ReadWaitingEventsAsync()));
        Assert.Empty(await ReadAsync(bob.Client.ReadWaitingEventsAsync()));
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(bob.Client.ReadWaitingEventsAsync(cancel.Token)));

        static async Task<IReadOnlyList<string>> ReadAsync(IAsyncEnumerable<E2EEvent> events)
        {
            List<string> texts = [];
            await foreach (E2EEvent next in events)
            {
                texts.Add(((TextContent)((MessageReceived)next).Content).Value);
            }

            return texts;
        }
    }

    [Fact]
    public async Task A_message_that_was_sent_while_the_relay_was_away_arrives_later()
    {
        await using var world = new World();
        bool isAway = false;
        world.Relay.Before = (_, _) => isAway ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        isAway = true;
        await alice.SayAsync("bob", "two");
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        await alice.RestartAsync();
        await alice.SayAsync("bob", "three");
        isAway = false;
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three"], bob.Texts);
    }

    [Fact]
    public async Task Both_begin_at_once_and_go_on_in_one_session()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "a");
        await bob.SayAsync("alice", "b");
        await alice.Client.SynchronizeAsync();
        await bob.Client.SynchronizeAsync();
        await world.SettleAsync();
        for (int i = 0; i < 5; i++)
        {
            await alice.SayAsync("bob", $"a{i}");
            await bob.SayAsync("alice", $"b{i}");
            await world.SettleAsync(2);
        }

        await world.SettleAsync();
        Assert.Equal(6, alice.Texts.Count());
        Assert.Equal(6, bob.Texts.Count());
        Assert.DoesNotContain(alice.Seen.Concat(bob.Seen), e => e is not MessageReceived);
    }

    [Fact]
    public async Task An_unknown_user_is_an_error_and_nothing_waits()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        E2EException error = await Assert.ThrowsAsync<E2EException>(() => alice.SayAsync("nobody", "hello"));
        Assert.Equal(E2EError.UnknownDevice, error.Reason);
        Assert.Empty(await alice.Client.GetOutboxAsync(10));
    }

    [Fact]
    public async Task A_photo_goes_as_sealed_media_and_is_read_from_anywhere()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        byte[] photo = new byte[300_000];
        Random.Shared.NextBytes(photo);
        await alice.Client.SendFileAsync("bob", new MemoryStream(photo), new FileDetails("cat.png", "image/png") { Caption = "the cat" });
        await world.SettleAsync();
        MessageReceived message = Assert.Single(bob.Messages);
        Assert.Equal("the cat", ((MediaContent)message.Content).Caption);
        Assert.Equal("cat.png", message.Media!.FileName);
        await using Stream opened = await bob.Client.OpenMediaAsync(message.Media);
        opened.Position = 250_000;
        byte[] tail = new byte[50_000];
        await opened.ReadExactlyAsync(tail);
        Assert.Equal(photo[250_000..], tail);
    }

    [Fact]
    public async Task Interleaved_calls_over_many_conversations_lose_nothing_and_keep_each_conversations_order()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        var friends = new List<Member>();
        for (int i = 0; i < 10; i++)
        {
            Member friend = await world.SignUpAsync($"friend{i}");
            await friend.Client.AcceptAsync("alice");
            friends.Add(friend);
        }

        await Task.WhenAll(friends.Select(friend => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await Task.WhenAll(alice.SayAsync(friend.UserId, $"{i}"), friend.SayAsync("alice", $"{i}"));
                if (i % 7 == 0)
                {
                    await friend.Client.SynchronizeAsync();
                }
            }
        })));
        await world.SettleAsync();
        Assert.All(friends, friend => Assert.Equal(20, friend.Texts.Distinct().Count()));
        Assert.All(friends, friend => Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), friend.Texts));
        Assert.Equal(200, alice.Texts.Count());
    }

    /// <summary>A safety number that is looked at, a member of a chat: known, and has not written.</summary>
    [Fact]
    public async Task Whoever_is_known_and_has_not_written_is_accepted_by_being_written_to_and_whoever_has_is_not()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        Assert.False(await alice.Client.IsVerifiedAsync("bob"));
        await alice.SayAsync("bob", "hello");
        await carol.SayAsync("alice", "buy");
        await world.SettleAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.SayAsync("alice", "hello yourself");
        await world.SettleAsync();
        Assert.Equal(["hello"], bob.Texts);
        Assert.Equal(["hello yourself"], alice.Texts);
        Assert.Equal("carol", Assert.Single(alice.Seen.OfType<MessageRequested>()).UserId);
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => alice.SayAsync("carol", "no"))).Reason);
    }

    /// <summary>It has its number already; what is sealed before it says nothing of it.</summary>
    [Fact]
    public async Task What_is_said_while_something_before_it_is_sealed_is_missed_by_nobody_before_it_is_sealed_too()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");

        // The round that seals the first has begun before the second was said.
        Engine engine = await alice.Client.OpenAsync(default);
        byte[] first = (await engine.Core.Store.ScanAsync(RecordKey.Pending, default, default, 1))[0].Value;
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns("bob"), async work => Assert.True(await engine.Conversations.SealWaitingAsync(work, [first])), default);
        IReadOnlyList<OutboxRecord> envelopes = await engine.Outbox.ReadForAppAsync(10, default);
        await engine.Core.Relay.DeliverAsync([.. envelopes.Select(envelope => envelope.ToEnvelope())]);
        await bob.SyncAsync();
        Assert.Equal(["hello", "one"], bob.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        await bob.SyncAsync();
        Assert.Empty(bob.Seen.OfType<MessagesMissing>());
        await world.SettleAsync();
        Assert.Equal(["hello", "one", "two"], bob.Texts);
    }

    private static byte[] Damaged(ReadOnlyMemory<byte> content)
    {
        byte[] damaged = content.ToArray();
        damaged[^1] ^= 1;
        return damaged;
    }

    /// <summary>The relay gives no keys of one user's: a row that it cannot read.</summary>
    [Fact]
    public async Task One_user_for_whom_the_relay_cannot_be_reached_keeps_nothing_from_the_others()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Member carol = await world.SignUpAsync("carol");
        world.Relay.ShownBundles = (_, user, claimed) => user == "carol" ? throw new E2EException(E2EError.RelayUnavailable) : claimed;
        await alice.SayAsync("carol", "hello");
        await alice.SayAsync("bob", "two");
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        await bob.SyncAsync();
        Assert.Equal(["one", "two"], bob.Texts);

        world.Relay.ShownBundles = (_, _, claimed) => claimed;
        await alice.SyncAsync();
        await carol.SyncAsync();
        Assert.Single(carol.Seen.OfType<MessageRequested>());
    }
}
