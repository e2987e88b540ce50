using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Devices that come, go, are lost, fall behind and are put back, and what a member does without being asked.</summary>
public sealed class PulseDevices
{
    /// <summary>The others are away for good. It is her own devices that she has to bring in.</summary>
    [Fact]
    public async Task Whoever_comes_back_where_nobody_is_goes_on_after_a_day()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        bob.IsActive = carol.IsActive = false;
        await alice.ChangeAsync(pulse.Id, record => record.IsRejoinWanted = true);
        await world.SettleAsync(2);
        Assert.Single(alice.Seen.OfType<PulseRejoined>());
        Member tablet = await world.LinkAsync(alice, "tablet");
        await world.SettleAsync(4);
        Assert.Empty(await tablet.Client.GetPulsesAsync());
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        Assert.Equal(pulse.Id, Assert.Single(await tablet.Client.GetPulsesAsync()).Id);
        bob.IsActive = carol.IsActive = true;
        await world.SettleAsync(3);
        await tablet.TellAsync(pulse.Id, "here");
        await world.SettleAsync(3);
        Assert.Equal(["here"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["here"], carol.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_new_device_of_a_member_is_added_to_its_chats_by_the_account_itself()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member laptop = await world.LinkAsync(bob, "laptop");
        await laptop.SyncAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(bob.Address, Assert.Single(laptop.Seen.OfType<PulseJoined>()).By);
        await alice.TellAsync(pulse.Id, "to both of you");
        await laptop.TellAsync(pulse.Id, "from the laptop");
        await world.SettleAsync(3);
        Assert.Contains("to both of you", laptop.PulseTexts(pulse.Id));
        Assert.Contains("from the laptop", alice.PulseTexts(pulse.Id));
        Assert.Contains("from the laptop", bob.PulseTexts(pulse.Id));
        PulseDevicesChanged changed = Assert.Single(carol.Seen.OfType<PulseDevicesChanged>());
        Assert.Equal(("bob", "laptop"), (changed.UserId, Assert.Single(changed.Added)));
        world.AssertNothingIsLost();
    }

    /// <summary>Attack 44 in a group: a phone is stolen, and its owner removes it with another device.</summary>
    [Fact]
    public async Task A_lost_phone_is_out_of_every_chat_and_opens_nothing_later_with_all_that_it_holds()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob", "desk");
        Member stolen = await world.LinkAsync(bob, "phone");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await alice.TellAsync(pulse.Id, "all of us");
        await world.SettleAsync(2);
        Assert.Equal(["all of us"], stolen.PulseTexts(pulse.Id));

        stolen.IsActive = false;
        await bob.Client.RemoveDeviceAsync("phone");
        await world.SettleAsync(3);
        await alice.TellAsync(pulse.Id, "not for the thief");
        await bob.TellAsync(pulse.Id, "nor this");
        await world.SettleAsync(2);
        Assert.Equal(["desk"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        Assert.Equal(["phone"], Assert.Single(alice.Seen.OfType<PulseDevicesChanged>()).Removed);

        await world.ShowAllAsync(pulse.Id, stolen);
        await stolen.TakeEventsAsync();
        Assert.Equal(["all of us"], stolen.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_removed_device_goes_even_where_its_own_account_is_silent()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob", "desk");
        await world.LinkAsync(bob, "phone");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await bob.Client.RemoveDeviceAsync("phone");
        bob.IsActive = false;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SyncAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await alice.SyncAsync();
        Assert.Equal(["desk"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
    }

    [Fact]
    public async Task A_store_that_was_put_back_seals_nothing_under_old_keys_and_comes_back_with_new_ones()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        InMemoryStore copy = bob.Store.Copy();
        await bob.TellAsync(pulse.Id, "two");
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        await bob.TellAsync(pulse.Id, "three");
        await world.SettleAsync(2);

        await bob.RestoreAsync(copy);
        int sent = world.Relay.GroupMessages.Count;
        await bob.TellAsync(pulse.Id, "after the restore");
        Assert.Equal(sent, world.Relay.GroupMessages.Count);
        await world.SettleAsync(4);
        Assert.Single(bob.Seen.OfType<StoreRolledBack>());
        Assert.Equal(bob.Address, Assert.Single(bob.Seen.OfType<PulseRejoined>()).Device);
        foreach (Member member in new[] { alice, carol })
        {
            Assert.Equal(["one", "two", "three", "after the restore"], member.PulseTexts(pulse.Id));
            Assert.Equal(bob.Address, Assert.Single(member.Seen.OfType<PulseRejoined>()).Device);
        }

        await carol.TellAsync(pulse.Id, "welcome back");
        await world.SettleAsync(2);
        Assert.Equal("welcome back", bob.PulseTexts(pulse.Id).Last());
        Assert.Equal("Roof", (await bob.RosterAsync(pulse.Id)).Name);
    }

    [Fact]
    public async Task Where_a_chat_takes_no_joins_a_restored_device_renews_its_keys_or_says_that_it_cannot_follow()
    {
        await using var world = new World();
        var closed = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { ExternalJoin = false } };
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(closed);
        InMemoryStore copy = bob.Store.Copy();
        await bob.TellAsync(pulse.Id, "one");
        await bob.SyncAsync();
        await bob.RestoreAsync(copy);
        await bob.TellAsync(pulse.Id, "two");
        await world.SettleAsync(4);
        Assert.Equal(["one", "two"], alice.PulseTexts(pulse.Id));
        Assert.DoesNotContain(alice.Seen, e => e is PulseRejoined);
    }

    [Fact]
    public async Task A_device_that_was_away_for_too_long_comes_back_by_itself_and_says_so()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        bob.IsActive = false;
        await pulse.RenameAsync("Spring");
        for (int day = 0; day < 40; day += 8)
        {
            world.Clock.Advance(TimeSpan.FromDays(8));
            await world.SettleAsync(1);
        }

        await pulse.RenameAsync("Summer");
        await world.SettleAsync(2);
        bob.IsActive = true;
        await world.SettleAsync(4);
        Assert.Equal("Summer", (await bob.RosterAsync(pulse.Id)).Name);
        Assert.Single(bob.Seen.OfType<PulseRejoined>());
        await carol.TellAsync(pulse.Id, "there you are");
        await bob.TellAsync(pulse.Id, "here I am");
        await world.SettleAsync(3);
        Assert.Contains("there you are", bob.PulseTexts(pulse.Id));
        Assert.Contains("here I am", alice.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_device_that_was_away_for_many_changes_catches_up_in_order()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        bob.IsActive = false;
        for (int i = 0; i < 12; i++)
        {
            await pulse.RenameAsync($"name {i}");
            await alice.TellAsync(pulse.Id, $"text {i}");
            await alice.SyncAsync();
        }

        bob.IsActive = true;
        await world.SettleAsync(3);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"name {i}"), bob.Seen.OfType<PulseRenamed>().Select(renamed => renamed.Name));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"text {i}"), bob.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    /// <summary>Attack 26 and 25: by time and by count, without anybody asking.</summary>
    [Fact]
    public async Task Keys_are_renewed_after_thirty_days_and_a_device_that_is_silent_for_ninety_goes()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        carol.IsActive = false;
        int offers = 0;
        world.Relay.Before = (_, call) =>
        {
            offers += call == "offered" ? 1 : 0;
            return Task.CompletedTask;
        };
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.SettleAsync(3);
        Assert.InRange(offers, 1, 3);
        int first = offers;
        for (int i = 0; i < 5; i++)
        {
            world.Clock.Advance(TimeSpan.FromDays(20));
            await world.SettleAsync(2);
        }

        Assert.True(offers > first + 3);
        Assert.Null((await alice.RosterAsync(pulse.Id)).Find("carol"));
        await bob.TellAsync(pulse.Id, "carol is gone");
        await world.SettleAsync(2);
        Assert.Equal(["carol is gone"], alice.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task Key_packages_are_made_again_and_the_last_resort_lets_somebody_in_when_they_are_used_up()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        Assert.Equal(PulseKeys.Packages, await LeftAsync(world, bob));
        bob.IsActive = false;
        for (int i = 0; i < PulseKeys.Packages + 2; i++)
        {
            await alice.Client.CreatePulseAsync($"chat {i}", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        }

        Assert.Equal(0, await LeftAsync(world, bob));
        bob.IsActive = true;
        await world.SettleAsync(3);
        Assert.Equal(PulseKeys.Packages + 2, (await bob.Client.GetPulsesAsync()).Count);
        Assert.Equal(PulseKeys.Packages, await LeftAsync(world, bob));
        foreach (PulseChat pulse in await alice.Client.GetPulsesAsync())
        {
            await bob.TellAsync(pulse.Id, "in");
        }

        await world.SettleAsync(2);
        Assert.Equal(PulseKeys.Packages + 2, alice.Seen.OfType<PulseMessageReceived>().Count());
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task Members_are_verified_by_the_key_that_they_have_in_the_chat()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        SafetyNumber number = await alice.Client.GetSafetyNumberAsync("bob");
        await alice.Client.MarkVerifiedAsync("bob", number);
        PulseRoster roster = await pulse.GetRosterAsync();
        Assert.Equal((2, 1), (roster.Verification.Total, roster.Verification.Verified));
        Assert.Equal(["carol"], roster.Verification.NotVerified);
        Assert.True(roster.Find("bob")!.IsVerified);
        Assert.False(roster.Find("carol")!.IsVerified);
        Assert.True(roster.Find("alice")!.IsSelf);
    }

    /// <summary>Attack 45 in a group: an account that was verified comes under another key.</summary>
    [Fact]
    public async Task A_verified_account_under_another_key_is_not_added_before_the_app_has_accepted_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
        (await bob.Client.ResetAccountAsync()).Dispose();
        await world.SettleAsync(2);
        await pulse.RemoveAsync("bob");
        E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => pulse.AddAsync("bob"));
        Assert.Equal(E2EError.AccountKeyChanged, refusal.Reason);
        await world.SettleAsync(1);
        await alice.Client.AcceptAccountKeyAsync(Assert.Single(alice.Seen.OfType<AccountKeyChanged>()));
        await pulse.AddAsync("bob");
        await world.SettleAsync(3);
        await alice.TellAsync(pulse.Id, "new bob");
        await world.SettleAsync(2);
        Assert.Contains("new bob", bob.PulseTexts(pulse.Id));
        Assert.False((await carol.RosterAsync(pulse.Id)).Find("bob")!.IsVerified);
    }

    [Fact]
    public async Task A_reset_account_is_out_of_the_chats_of_the_old_one()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, _) = await world.RooftopAsync();
        (await bob.Client.ResetAccountAsync()).Dispose();
        await world.SettleAsync(2);
        Assert.Single(bob.Seen.OfType<PulseClosed>());
        Assert.Equal(E2EError.MlsGroupClosed, (await Assert.ThrowsAsync<E2EException>(() => bob.TellAsync(pulse.Id, "still me"))).Reason);
    }

    private static async Task<int> LeftAsync(World world, Member member) =>
        (await world.Relay.Connect(member.Address).GetPreKeyStatusAsync()).KeyPackages;
}
