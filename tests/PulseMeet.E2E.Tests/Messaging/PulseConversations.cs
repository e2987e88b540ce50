using System.Security.Cryptography;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What an app developer sees of pulse chats: people come, write, read and go, each with all their devices.</summary>
public sealed class PulseConversations
{
    [Theory]
    [InlineData(PulseSuite.XWing)]
    [InlineData(PulseSuite.X25519)]
    public async Task A_chat_has_all_devices_of_everybody_and_each_reads_each(PulseSuite suite)
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(alice, "laptop");
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob", "carol"], new PulseOptions { Suite = suite });
        await world.SettleAsync(2);
        Member[] all = [alice, laptop, bob, carol];
        foreach (Member member in all)
        {
            await member.TellAsync(pulse.Id, $"from {member.Address}");
        }

        await world.SettleAsync(3);
        foreach (Member member in all)
        {
            Assert.Equal(
                all.Where(other => other != member).Select(other => $"from {other.Address}").Order(),
                member.PulseTexts(pulse.Id).Order());
            PulseRoster roster = await member.RosterAsync(pulse.Id);
            Assert.Equal("Rooftop", roster.Name);
            Assert.Equal(suite, roster.Suite);
            Assert.Equal(["alice", "bob", "carol"], roster.Members.Select(other => other.UserId));
            Assert.Equal(["laptop", "phone"], roster.Find("alice")!.Devices);
            Assert.Equal(PulseRole.Creator, roster.Find("alice")!.Role);
            Assert.Equal(PulseRole.Member, roster.Find("bob")!.Role);
            Assert.Equal(2, roster.Verification.Total);
        }

        PulseJoined joined = Assert.Single(bob.Seen.OfType<PulseJoined>());
        Assert.Equal((alice.Address, "Rooftop"), (joined.By, joined.Name));
        Assert.Equal(pulse.Id, Assert.Single(await bob.Client.GetPulsesAsync()).Id);
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task Who_comes_later_reads_nothing_earlier_and_who_is_removed_opens_nothing_later()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await alice.TellAsync(pulse.Id, "before dave");
        await world.SettleAsync(2);
        await pulse.AddAsync("dave");
        await alice.TellAsync(pulse.Id, "with dave");
        await world.SettleAsync(2);
        await pulse.RemoveAsync("carol");
        await alice.TellAsync(pulse.Id, "without carol");
        await world.SettleAsync(2);
        await bob.TellAsync(pulse.Id, "neither");
        await world.SettleAsync(2);

        Assert.Equal(["with dave", "without carol", "neither"], dave.PulseTexts(pulse.Id));
        Assert.Equal(["before dave", "with dave"], carol.PulseTexts(pulse.Id));
        Assert.Equal(["before dave", "with dave", "without carol"], bob.PulseTexts(pulse.Id));
        PulseClosed closed = Assert.Single(carol.Seen.OfType<PulseClosed>());
        Assert.Equal((alice.Address, false), (closed.By, closed.HasLeft));
        Assert.Equal(["dave"], bob.Seen.OfType<PulseMembersChanged>().SelectMany(changed => changed.Added).Except(["bob", "carol"]));
        Assert.Equal(["carol"], bob.Seen.OfType<PulseMembersChanged>().SelectMany(changed => changed.Removed));
        Assert.All(bob.Seen.OfType<PulseMembersChanged>(), changed => Assert.Equal(alice.Address, changed.By));
        world.AssertNothingIsLost();

        // Attack 24: with all that carol's device holds, and everything that was ever sent.
        int before = carol.Seen.Count;
        await world.ShowAllAsync(pulse.Id, carol);
        await world.ShowAllAsync(pulse.Id, dave);
        await carol.TakeEventsAsync();
        await dave.TakeEventsAsync();
        Assert.Equal(before, carol.Seen.Count);
        Assert.Equal(["with dave", "without carol", "neither"], dave.PulseTexts(pulse.Id));
        Assert.True((await carol.RosterAsync(pulse.Id)).IsClosed);
        Assert.Empty(await carol.Client.GetPulsesAsync());
        E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => carol.TellAsync(pulse.Id, "let me in"));
        Assert.Equal(E2EError.MlsGroupClosed, refusal.Reason);
    }

    [Fact]
    public async Task What_is_said_after_a_removal_waits_for_it_and_is_for_nobody_who_was_removed()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "offer"
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        E2EException unreachable = await Assert.ThrowsAsync<E2EException>(() => pulse.RemoveAsync("carol"));
        Assert.Equal(E2EError.RelayUnavailable, unreachable.Reason);
        await alice.TellAsync(pulse.Id, "about carol");
        await alice.RestartAsync();
        await Assert.ThrowsAsync<E2EException>(alice.SyncAsync);
        Assert.Empty(world.Relay.GroupMessages);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(3);
        Assert.Equal(["about carol"], bob.PulseTexts(pulse.Id));
        Assert.Empty(carol.PulseTexts(pulse.Id));
        Assert.Single(carol.Seen.OfType<PulseClosed>());
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_message_that_is_deleted_while_it_waits_is_read_by_nobody_and_missed_by_nobody()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "offer"
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => pulse.RemoveAsync("carol"));
        MessageId secret = await alice.TellAsync(pulse.Id, "secret");
        await pulse.SendAsync(MessageContent.Deletion(secret));
        await alice.TellAsync(pulse.Id, "harmless");
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        await world.SettleAsync(3);
        Assert.Equal(["harmless"], bob.PulseTexts(pulse.Id));
        Assert.Contains(bob.Seen.OfType<PulseMessageReceived>(), message => message.Id == secret && message.Content is DeletionContent);
        Assert.Empty(bob.Seen.OfType<PulseMessagesMissing>());
        Assert.Empty(carol.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task What_is_written_without_a_relay_arrives_once_in_order_after_restarts()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        for (int i = 0; i < 5; i++)
        {
            await alice.TellAsync(pulse.Id, $"a{i}");
            await alice.RestartAsync();
        }

        await world.SettleAsync(3);
        string[] expected = ["a0", "a1", "a2", "a3", "a4"];
        Assert.Equal(expected, bob.PulseTexts(pulse.Id));
        Assert.Equal(expected, carol.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_file_goes_to_everybody()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        byte[] cat = RandomNumberGenerator.GetBytes(100_000);
        MessageId id = await pulse.SendFileAsync(new MemoryStream(cat), new("cat.png", "image/png") { Caption = "my cat" });
        await world.SettleAsync(2);
        foreach (Member member in new[] { bob, carol })
        {
            PulseMessageReceived message = Assert.Single(member.Seen.OfType<PulseMessageReceived>());
            Assert.Equal((id, alice.Address), (message.Id, message.Sender));
            await using Stream photo = await member.Client.OpenMediaAsync(message.Media!);
            byte[] opened = new byte[cat.Length];
            await photo.ReadExactlyAsync(opened);
            Assert.Equal(cat, opened);
        }
    }

    [Fact]
    public async Task Whoever_knows_the_id_of_a_chat_and_was_never_in_it_gets_nothing()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        Member eve = await world.SignUpAsync("eve");
        await world.SettleAsync(1);
        Assert.Null(await eve.Client.GetPulseAsync(pulse.Id));
        await alice.TellAsync(pulse.Id, "hello");
        await world.SettleAsync(2);
        await world.ShowAllAsync(pulse.Id, eve);
        await eve.TakeEventsAsync();
        Assert.All(eve.Seen, e => Assert.Equal(E2EError.MlsWrongGroup, Assert.IsType<PulseMessageUnreadable>(e).Reason));
        Assert.NotEmpty(eve.Seen);
    }
}
