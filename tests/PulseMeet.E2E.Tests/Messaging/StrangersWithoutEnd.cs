using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 43 for who was never accepted: however many people write, and however much, and whatever a relay puts under whose name, what is kept of
/// them is bounded; and nobody is kept out by it, nor is anything lost that its sender still has.</summary>
public sealed class StrangersWithoutEnd
{
    [Fact]
    public async Task Of_those_who_wait_to_be_accepted_the_latest_are_kept_and_what_went_is_asked_for_once_its_sender_is_accepted()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        Member dave = await world.SignUpAsync("dave");
        await carol.SayAsync("bob", "one");
        await carol.SayAsync("bob", "two");
        await world.SettleAsync(2);

        // As many more as may wait beside one.
        ClientCore core = (await bob.Client.OpenAsync(default)).Core;
        await core.ChangeAsync(
            [],
            work =>
            {
                for (int i = 1; i < Requests.Max; i++)
                {
                    Requests.Note(core, work, $"stranger {i}");
                }

                return Task.CompletedTask;
            },
            default);
        Assert.Equal(2, await CountAsync(core, RecordKey.Held));
        await dave.SayAsync("bob", "me too");
        await world.SettleAsync(2);
        Assert.Equal(Requests.Max, await CountAsync(core, RecordKey.Requests));
        Assert.Equal(1, await CountAsync(core, RecordKey.Held));
        Assert.Equal(["carol", "dave"], bob.Seen.OfType<MessageRequested>().Select(request => request.UserId));

        // Who writes again is told again; what went is missing, and comes.
        await carol.SayAsync("bob", "three");
        await world.SettleAsync(2);
        Assert.Equal(["carol", "dave", "carol"], bob.Seen.OfType<MessageRequested>().Select(request => request.UserId));
        await bob.Client.AcceptAsync("carol");
        await bob.Client.AcceptAsync("dave");
        await world.SettleAsync();
        Assert.Equal(["three", "me too"], bob.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["me too", "one", "three", "two"], bob.Texts.Order());
        Assert.DoesNotContain(bob.Seen.OfType<MessagesMissing>(), missing => missing.IsLost);

        // Who was accepted takes no place any more.
        Assert.Equal(Requests.Max - 2, await CountAsync(core, RecordKey.Requests));
    }

    [Fact]
    public async Task However_much_one_of_them_writes_so_many_bytes_of_it_are_kept_and_the_rest_comes_once_he_is_accepted()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        for (int i = 0; i < 8; i++)
        {
            await carol.Client.SendAsync("bob", MessageContent.App("large", new byte[AppContent.MaxDataSize]));
        }

        await world.SettleAsync(2);
        ClientCore core = (await bob.Client.OpenAsync(default)).Core;
        IReadOnlyList<OpenedRecord> held = await core.Store.ScanAsync(RecordKey.Held, default, default, 100);
        Assert.InRange(held.Sum(item => item.Value.Length), 1, HeldRecord.MaxBytesPerStranger + (2 * AppContent.MaxDataSize));
        await bob.Client.AcceptAsync("carol");
        await carol.SayAsync("bob", "that was all");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(8, bob.Messages.Count(message => message.Content is AppContent));
    }

    [Fact]
    public async Task Whoever_nothing_was_opened_of_is_as_unknown_as_before_and_can_be_written_to()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        ClientCore core = (await bob.Client.OpenAsync(default)).Core;
        int users = await CountAsync(core, RecordKey.Users);
        byte[] junk = new byte[300];
        Randomness.Fill(junk);
        world.Relay.Put(carol.Address, new OutgoingEnvelope(bob.Address, new byte[16], SealedEnvelope.Encode(SealedEnvelope.Stored, junk)));
        await bob.SyncAsync();
        Assert.Single(bob.Seen.OfType<MessageUnreadable>());
        Assert.Equal(users, await CountAsync(core, RecordKey.Users));
        Assert.Equal(0, await CountAsync(core, RecordKey.Peers));
        await bob.SayAsync("carol", "hello");
        await world.SettleAsync(2);
        await carol.Client.AcceptAsync("bob");
        await world.SettleAsync(2);
        Assert.Equal(["hello"], carol.Texts);
    }

    [Fact]
    public async Task Devices_that_a_contact_lists_and_takes_off_again_leave_nothing_where_nobody_has_met_them()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await bob.SayAsync("alice", "zero");
        await world.SettleAsync(2);
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        int peers = await CountAsync(core, RecordKey.Peers);
        for (int i = 0; i < 3; i++)
        {
            Member tablet = await world.LinkAsync(bob, $"tablet {i}");
            tablet.IsActive = false;
            await bob.SayAsync("alice", $"with {i}");
            await bob.SyncAsync();
            await alice.SyncAsync();
            await bob.SayAsync("alice", $"still with {i}");
            await bob.SyncAsync();
            await alice.SyncAsync();
            await bob.Client.RemoveDeviceAsync($"tablet {i}");
            await bob.SayAsync("alice", $"without {i}");
            await bob.SyncAsync();
            await alice.SyncAsync();
            await bob.SayAsync("alice", $"still without {i}");
            await bob.SyncAsync();
            await alice.SyncAsync();
        }

        Assert.Contains(alice.Seen.OfType<DeviceListChanged>(), changed => changed.Removed.Contains("tablet 2"));
        Assert.Equal(peers, await CountAsync(core, RecordKey.Peers));
    }

    private static async Task<int> CountAsync(ClientCore core, byte table) =>
        (await core.Store.ScanKeysAsync(table, default, default, 5000)).Count;
}
