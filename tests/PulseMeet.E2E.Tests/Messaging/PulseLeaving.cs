namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Leaving where nobody is left who could commit it: whoever has asked is out all the same, on each device.</summary>
public sealed class PulseLeaving
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Where_everybody_asks_to_leave_at_once_everybody_is_out(int asking)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        if (asking == 2)
        {
            await pulse.RemoveAsync("carol");
            await world.SettleAsync(2);
        }

        Member[] all = [.. new[] { alice, bob, carol }.Take(asking)];
        foreach (Member member in all)
        {
            // Nobody has heard of the others yet.
            await (await member.PulseAsync(pulse.Id)).LeaveAsync();
        }

        await world.SettleAsync(3);
        foreach (Member member in all)
        {
            Assert.True(Assert.Single(member.Seen.OfType<PulseClosed>()).HasLeft);
            Assert.True((await member.RosterAsync(pulse.Id)).IsClosed);
            Assert.Empty(await member.Client.GetPulsesAsync());
        }

        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task Whoever_is_alone_in_a_chat_leaves_it_on_all_devices()
    {
        await using var world = new World();
        Member phone = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(phone, "laptop");
        await world.SettleAsync(1);
        PulseChat pulse = await phone.Client.CreatePulseAsync("Alone", [], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        Assert.Equal(["laptop", "phone"], Assert.Single((await laptop.RosterAsync(pulse.Id)).Members).Devices);
        await pulse.LeaveAsync();
        Assert.True((await pulse.GetRosterAsync()).IsClosed);
        await world.SettleAsync(2);
        foreach (Member device in new[] { phone, laptop })
        {
            Assert.True(Assert.Single(device.Seen.OfType<PulseClosed>()).HasLeft);
            Assert.Empty(await device.Client.GetPulsesAsync());
        }
    }

    /// <summary>The others learn it by the request alone, so that nobody goes before it is with the relay.</summary>
    [Fact]
    public async Task Nobody_is_out_by_a_request_that_the_relay_has_not_got()
    {
        await using var world = new World();
        Member phone = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(phone, "laptop");
        await world.SettleAsync(1);
        PulseChat pulse = await phone.Client.CreatePulseAsync("Alone", [], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        world.Relay.Before = (caller, call) => caller == phone.Address && call == "send to group"
            ? Task.FromException(new E2EException(E2EError.RelayUnavailable))
            : Task.CompletedTask;
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => pulse.LeaveAsync())).Reason);
        Assert.False((await pulse.GetRosterAsync()).IsClosed);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(2);
        Assert.True((await phone.RosterAsync(pulse.Id)).IsClosed);
        Assert.True((await laptop.RosterAsync(pulse.Id)).IsClosed);
    }

    [Fact]
    public async Task A_chat_in_which_somebody_stays_is_left_to_him()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await pulse.LeaveAsync();
        await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
        await alice.SyncAsync();
        await bob.SyncAsync();
        Assert.False((await alice.RosterAsync(pulse.Id)).IsClosed);
        Assert.False((await bob.RosterAsync(pulse.Id)).IsClosed);
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(3);
        Assert.True(Assert.Single(alice.Seen.OfType<PulseClosed>()).HasLeft);
        Assert.True(Assert.Single(bob.Seen.OfType<PulseClosed>()).HasLeft);
        Assert.Equal("carol", Assert.Single((await carol.RosterAsync(pulse.Id)).Members).UserId);
    }
}
