using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A request is answered once: what a user says about a contact on one device holds on his others; nobody else has a say.</summary>
public sealed class ContactsOfAllDevices
{
    [Fact]
    public async Task Who_was_accepted_on_one_device_is_accepted_on_the_others_and_what_waited_there_is_handed_over()
    {
        await using var world = new World();
        (Member phone, Member laptop, Member bob) = await PhoneAndLaptopAsync(world);
        await bob.SayAsync("alice", "hello?");
        await world.SettleAsync();
        Assert.Single(phone.Seen.OfType<MessageRequested>());
        Assert.Single(laptop.Seen.OfType<MessageRequested>());
        Assert.Empty(laptop.Texts);
        await phone.Client.AcceptAsync("bob");
        await world.SettleAsync();
        Assert.Equal(["hello?"], laptop.Texts);
        await laptop.SayAsync("bob", "from the laptop");
        await world.SettleAsync();
        Assert.Equal(["from the laptop"], bob.Texts);

        // The app on either is shown messages of people, and nothing of what its devices say to each other.
        Assert.All(phone.Messages.Concat(laptop.Messages), message => Assert.IsType<TextContent>(message.Content));
    }

    [Fact]
    public async Task Who_was_blocked_on_one_device_is_heard_on_none()
    {
        await using var world = new World();
        (Member phone, Member laptop, Member bob) = await PhoneAndLaptopAsync(world);
        await bob.SayAsync("alice", "buy");
        await world.SettleAsync();
        await laptop.Client.BlockAsync("bob");
        await world.SettleAsync();
        await bob.SayAsync("alice", "now");
        await world.SettleAsync();
        await Assert.ThrowsAsync<E2EException>(() => phone.SayAsync("bob", "no"));
        await phone.Client.AcceptAsync("bob");
        await bob.SayAsync("alice", "sorry");
        await world.SettleAsync();
        Assert.Equal(["sorry"], phone.Texts);
        Assert.Equal(["sorry"], laptop.Texts);
    }

    [Fact]
    public async Task Whoever_was_written_to_first_is_no_stranger_on_any_device()
    {
        await using var world = new World();
        (Member phone, Member laptop, Member bob) = await PhoneAndLaptopAsync(world);
        await phone.SayAsync("bob", "hi");
        await world.SettleAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.SayAsync("alice", "hi yourself");
        await world.SettleAsync();
        Assert.Empty(laptop.Seen.OfType<MessageRequested>());
        Assert.Equal(["hi", "hi yourself"], laptop.Texts);
    }

    [Fact]
    public async Task A_device_that_is_let_in_learns_how_the_contacts_stand()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member mallory = await world.SignUpAsync("mallory");
        await mallory.SayAsync("alice", "buy");
        await world.SettleAsync();
        await alice.Client.BlockAsync("mallory");
        Member laptop = await world.LinkAsync(alice, "laptop");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "welcome");
        await mallory.SayAsync("alice", "now");
        await world.SettleAsync();
        Assert.Equal(["welcome"], laptop.Texts);
        Assert.Empty(laptop.Seen.OfType<MessageRequested>());
    }

    /// <summary>Somebody linked a device and threw it away before it had published anything.</summary>
    [Fact]
    public async Task For_a_device_that_never_publishes_keys_the_relay_is_asked_less_and_less_often()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member laptop = world.Device("alice", "laptop");
        using LinkRequest request = await laptop.Client.RequestLinkAsync();
        await alice.Client.ApproveLinkAsync(request.Payload);
        laptop.IsActive = false;
        int claims = world.Relay.Claims;
        for (int minute = 0; minute < 240; minute++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(1));
            await alice.SyncAsync();
        }

        // At once, and 1, 3, 7, 15, 31, 63, 123, 183 minutes later.
        Assert.InRange(world.Relay.Claims - claims, 5, 10);
    }

    [Fact]
    public async Task The_later_word_holds_whatever_arrives_first_and_a_clock_that_is_ahead_has_not_the_last_one()
    {
        await using var world = new World();
        (Member phone, Member laptop, Member bob) = await PhoneAndLaptopAsync(world);
        await bob.SayAsync("alice", "hello?");
        await world.SettleAsync();

        // The laptop blocks, without the relay; the phone accepts, a second later. The laptop's word arrives last.
        await laptop.Client.BlockAsync("bob");
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await phone.Client.AcceptAsync("bob");
        await phone.SyncAsync();
        await laptop.SyncAsync();
        await world.SettleAsync();
        await laptop.SayAsync("bob", "accepted on both");
        await phone.SayAsync("bob", "yes");
        await world.SettleAsync();
        Assert.Equal(["accepted on both", "yes"], bob.Texts.Order());

        // The phone's clock was a year ahead when it said so.
        world.Clock.Advance(TimeSpan.FromDays(365));
        await phone.Client.BlockAsync("bob");
        world.Clock.Advance(-TimeSpan.FromDays(365));
        await world.SettleAsync();
        await Assert.ThrowsAsync<E2EException>(() => laptop.SayAsync("bob", "blocked"));
        await laptop.Client.AcceptAsync("bob");
        await world.SettleAsync();
        await phone.SayAsync("bob", "accepted again");
        await world.SettleAsync();
        Assert.Contains("accepted again", bob.Texts);
    }

    [Fact]
    public async Task Nobody_else_has_a_say_about_contacts()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member mallory = await world.SignUpAsync("mallory");
        await mallory.SayAsync("alice", "hello?");
        await world.SettleAsync();
        byte[] key = (await world.Relay.ListOfAsync("mallory")).AccountKey.ToArray();
        var said = new ContactStandingContent([new ContactStanding("mallory", Standing.Accepted, world.Clock.GetUtcNow().AddMinutes(1), key)]);
        await bob.Client.SendAsync("alice", said);
        await mallory.Client.SendAsync("alice", said);
        await world.SettleAsync();
        Assert.Empty(alice.Texts);
        await Assert.ThrowsAsync<E2EException>(() => alice.SayAsync("mallory", "not accepted"));
        await bob.SayAsync("alice", "and we go on");
        await world.SettleAsync();
        Assert.Equal(["and we go on"], alice.Texts);
        Assert.Empty(alice.Seen.OfType<MessagesMissing>());
    }

    [Fact]
    public async Task A_contact_whom_the_relay_shows_under_another_key_is_not_accepted_by_the_other_devices_word()
    {
        await using var world = new World();
        (Member phone, Member laptop, Member bob) = await PhoneAndLaptopAsync(world);
        await bob.SayAsync("alice", "hello?");
        await phone.SyncAsync();
        await bob.SyncAsync();
        await phone.SyncAsync();
        using var forged = Ed25519KeyPair.Generate();
        using var device = DeviceIdentity.Create(forged, bob.Address, world.Clock);
        var list = DeviceList.Sign(forged, [device.Certificate], null, world.Clock);
        world.Relay.ShownList = (asker, user, shown) => asker == laptop.Address && user == "bob" ? list : shown;
        await phone.Client.AcceptAsync("bob");
        await world.SettleAsync();
        Assert.Equal(["hello?"], phone.Texts);
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => laptop.SayAsync("bob", "to whom?"))).Reason);
        Assert.Equal("bob", Assert.Single(laptop.Seen.OfType<MessageRequested>()).UserId);
    }

    [Fact]
    public async Task A_device_of_ones_own_cannot_have_the_account_itself_blocked()
    {
        await using var world = new World();
        (Member phone, Member laptop, _) = await PhoneAndLaptopAsync(world);
        byte[] key = (await world.Relay.ListOfAsync("alice")).AccountKey.ToArray();
        await laptop.Client.SendAsync("alice", new ContactStandingContent(
            [new ContactStanding("alice", Standing.Blocked, world.Clock.GetUtcNow().AddMinutes(1), key)]));
        await world.SettleAsync();
        await laptop.SayAsync("alice", "heard all the same");
        await world.SettleAsync();
        Assert.Equal(["heard all the same"], phone.Texts);
    }

    [Theory]
    [InlineData(E2EError.LimitExceeded)]
    [InlineData(E2EError.NotAllowed)]
    [InlineData(E2EError.RelayUnavailable)]
    [InlineData(null)]
    public async Task A_word_about_somebody_whose_list_the_relay_does_not_give_now_is_followed_later_and_holds_up_nobody(E2EError? refusal)
    {
        await using var world = new World();
        Member phone = await world.SignUpAsync("alice");
        Member mallory = await world.SignUpAsync("mallory");
        Member bob = await world.SignUpAsync("bob");
        await mallory.SayAsync("alice", "buy");
        await world.SettleAsync();
        await phone.Client.BlockAsync("mallory");
        bool refuses = true;
        world.Through = relay => TwistedRelay.Around(relay, (call, inner, arguments) =>
            refuses && call.Name == "GetDeviceListAsync" && arguments[0] is "mallory"
                ? refusal is { } reason ? Task.FromException<byte[]?>(new E2EException(reason)) : Task.FromResult<byte[]?>(null)
                : inner());
        Member laptop = await world.LinkAsync(phone, "laptop");
        world.Through = relay => relay;
        await phone.SayAsync("alice", "a note");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "hi");
        await world.SettleAsync();
        Assert.Contains(laptop.Seen, seen => seen is MessageRequested { UserId: "bob" });
        refuses = false;
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        await mallory.SayAsync("alice", "now");
        await world.SettleAsync();
        Assert.DoesNotContain(laptop.Seen, seen => seen is MessageRequested { UserId: "mallory" });
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => laptop.SayAsync("mallory", "no"))).Reason);
    }

    private static async Task<(Member Phone, Member Laptop, Member Bob)> PhoneAndLaptopAsync(World world)
    {
        Member phone = await world.SignUpAsync("alice");
        Member laptop = await world.LinkAsync(phone, "laptop");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(2);
        return (phone, laptop, bob);
    }
}
