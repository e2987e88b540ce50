using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A sender that was out of a chat and is in it again: what it had said is still for those to whom it was said, and for nobody else.</summary>
public sealed class PulseInAgain
{
    /// <summary>The first thing that Bob ever says is lost on the way to Carol. Dave comes while Bob is out.</summary>
    [Fact]
    public async Task What_a_sender_had_said_is_missed_by_those_who_were_there_and_comes()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await LoseAsync(world, pulse.Id, carol, bob, "early");
        await pulse.RemoveAsync("bob");
        await world.SettleAsync(2);
        await pulse.AddAsync("dave");
        await world.SettleAsync(2);
        await pulse.AddAsync("bob");
        await world.SettleAsync(3);
        await bob.TellAsync(pulse.Id, "late");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["early", "late"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["late", "early"], carol.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        Assert.Equal(["late"], dave.PulseTexts(pulse.Id));
        Assert.DoesNotContain(dave.Seen, e => e is PulseMessagesMissing);
    }

    /// <summary>Bob does not know that Carol was out, too, and tells her from where on he is to be heard as if she had not been.</summary>
    [Fact]
    public async Task Whoever_was_out_and_in_again_meanwhile_is_shown_nothing_twice()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        await LoseAsync(world, pulse.Id, carol, bob, "two");
        await pulse.RemoveAsync("bob");
        await world.SettleAsync(2);
        await pulse.RemoveAsync("carol");
        await world.SettleAsync(2);
        await pulse.AddAsync("carol");
        await world.SettleAsync(2);
        await pulse.AddAsync("bob");
        await world.SettleAsync(3);
        await bob.TellAsync(pulse.Id, "three");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        Assert.Equal(["one", "two", "three"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["one", "three", "two"], carol.PulseTexts(pulse.Id));
    }

    /// <summary>The app was told that it was not sent: it is not said by asking for it either.</summary>
    [Fact]
    public async Task What_was_not_sent_when_the_sender_was_out_is_lost_and_said_to_nobody()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        world.Relay.Before = (caller, call) => caller == bob.Address && call == "send to group"
            ? Task.FromException(new E2EException(E2EError.RelayUnavailable)) : Task.CompletedTask;
        MessageId unsent = await bob.TellAsync(pulse.Id, "two");
        await pulse.RemoveAsync("bob");
        for (int i = 0; i < 3; i++)
        {
            await Record.ExceptionAsync(bob.SyncAsync);
        }

        Assert.Equal([unsent], Assert.Single(bob.Seen.OfType<PulseClosed>()).Unsent);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await pulse.AddAsync("bob");
        await world.SettleAsync(3);
        await bob.TellAsync(pulse.Id, "three");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        foreach (Member member in new[] { alice, carol })
        {
            Assert.Equal(["one", "three"], member.PulseTexts(pulse.Id));
            Assert.Equal(1UL, member.Seen.OfType<PulseMessagesMissing>().Single(missing => missing.IsLost).Count);
        }
    }

    /// <summary>Bob's tablet is lost while Carol is out, and another one has its name: what was said to the old one is not for it.</summary>
    [Fact]
    public async Task What_was_said_to_a_device_is_not_for_another_of_the_same_name()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        Member tablet = await world.LinkAsync(bob, "tablet");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(3);
        Assert.Single(tablet.Seen.OfType<PulseJoined>());
        tablet.Seen.Clear();
        await LoseAsync(world, pulse.Id, tablet, carol, "early");
        await pulse.RemoveAsync("carol");
        await world.SettleAsync(2);
        await tablet.LoseAsync();
        tablet.IsActive = false;
        await bob.Client.RemoveDeviceAsync("tablet");
        await world.SettleAsync(3);
        await world.LinkAsync(bob, tablet);
        tablet.IsActive = true;
        for (int i = 0; i < 4; i++)
        {
            world.Clock.Advance(TimeSpan.FromHours(2));
            await world.SettleAsync(2);
        }

        Assert.Single(tablet.Seen.OfType<PulseJoined>());
        await pulse.AddAsync("carol");
        await world.SettleAsync(3);
        await carol.TellAsync(pulse.Id, "late");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["early", "late"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["late"], tablet.PulseTexts(pulse.Id));
        Assert.DoesNotContain(tablet.Seen, e => e is PulseMessagesMissing);
    }

    /// <summary>What somebody says is lost on the way to one device.</summary>
    private static async Task LoseAsync(World world, PulseId id, Member member, Member sender, string text)
    {
        int before = world.Relay.GroupMessages.Count;
        await sender.TellAsync(id, text);
        await sender.SyncAsync();
        HashSet<string> lost = [.. world.Relay.GroupMessages.Skip(before).Select(told => Convert.ToHexString(told.Message.Id.Span))];
        world.Relay.OnPage = (caller, items) => caller != member.Address ? items
            : [.. items.Where(item => !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        await world.SettleAsync(2);
    }
}
