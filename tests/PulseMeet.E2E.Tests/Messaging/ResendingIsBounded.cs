using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 54: a device that a message was for asks for it without end, or under an account key that is another one by now. Each bound is
/// alone here: the device's own keys are those that the message was for.</summary>
public sealed class ResendingIsBounded
{
    /// <summary>No other envelope of these tests is as long.</summary>
    private static readonly string s_long = new('x', 20_000);

    [Fact]
    public async Task A_message_is_sent_again_to_a_device_three_times_and_no_more_however_often_it_asks()
    {
        await using var world = new World();
        (Member alice, Member bob) = await GreetedAsync(world);
        await alice.SayAsync("bob", s_long);
        await alice.SyncAsync();
        for (int i = 0; i < 6; i++)
        {
            await AskAsync(alice, bob, 2);
        }

        Assert.Equal(1 + SentRecord.MaxResends, CountOfLong(world));
    }

    /// <summary>Whoever has a device's keys, but not the account's, makes an account of his own for them, under the contact's name.</summary>
    [Fact]
    public async Task Nothing_is_sent_again_under_another_account_key_than_the_one_it_was_sent_under_though_the_device_has_the_same_keys()
    {
        await using var world = new World();
        (Member alice, Member bob) = await GreetedAsync(world);
        await LoseAsync(world, alice, bob);
        byte[] stolen = (await bob.Client.OpenAsync(default)).Core.Identity.Serialize();
        await bob.LoseAsync();
        await MakeAccountForAsync(world, bob, stolen);
        await bob.SayAsync("alice", "it is me");
        await bob.SyncAsync();
        await alice.SyncAsync();
        await alice.Client.AcceptAccountKeyAsync(Assert.Single(alice.Seen.OfType<AccountKeyChanged>()));
        await AskAsync(alice, bob, 2);
        Assert.Equal(1, CountOfLong(world));
    }

    [Fact]
    public async Task Nothing_is_sent_again_while_a_changed_account_key_waits_though_it_was_sent_under_that_key()
    {
        await using var world = new World();
        (Member alice, Member bob) = await GreetedAsync(world);
        await bob.LoseAsync();
        (await bob.Client.ResetAccountAsync()).Dispose();
        await bob.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "it is me");
        await bob.SyncAsync();
        await alice.SyncAsync();
        AccountKeyChanged changed = Assert.Single(alice.Seen.OfType<AccountKeyChanged>());
        Assert.False(changed.IsStopped);
        await LoseAsync(world, alice, bob);
        await AskAsync(alice, bob, 2);
        Assert.Equal(1, CountOfLong(world));

        await alice.Client.AcceptAccountKeyAsync(changed);
        await AskAsync(alice, bob, 2);
        Assert.Equal(2, CountOfLong(world));
    }

    /// <summary>Alice and Bob, who have a session; Bob takes part from here on only as far as a test says.</summary>
    private static async Task<(Member Alice, Member Bob)> GreetedAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await bob.SayAsync("alice", "hi");
        await world.SettleAsync();
        return (alice, bob);
    }

    /// <summary>Alice writes what does not arrive.</summary>
    private static async Task LoseAsync(World world, Member alice, Member bob)
    {
        world.Relay.OnTheWay = (_, envelope) => envelope.Recipient == bob.Address ? [] : [envelope];
        await alice.SayAsync("bob", s_long);
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        Assert.Equal(1, CountOfLong(world));
    }

    /// <summary>Bob asks for one of Alice's messages, without having read anything since, and she hears it.</summary>
    private static async Task AskAsync(Member alice, Member bob, ulong number)
    {
        MessageId stream = (await alice.Client.OpenAsync(default)).Core.StreamId;
        await HostileDevice.AskAsync(bob, alice, new ResendNames(stream, [new NumberRange(number, number)], []), "bob");
        await (await bob.Client.OpenAsync(default)).Outbox.SendAsync(default);
        await alice.SyncAsync();
    }

    /// <summary>An account that is made for a device's keys, under a key of its own, on an empty device.</summary>
    private static async Task MakeAccountForAsync(World world, Member bob, byte[] stolen)
    {
        DeviceList known = await world.Relay.ListOfAsync("bob");
        DeviceCertificate phone = known.Devices[0];
        using var account = Ed25519KeyPair.Generate();
        var certificate = DeviceCertificate.Issue(
            account, phone.Address, phone.IdentityKey, phone.SigningKey, phone.MlsKey, phone.NotBefore, phone.NotAfter);
        byte[] encoded = certificate.Encoded.ToArray();
        byte[] keys = stolen[..(1 + (3 * 32))];
        using DeviceIdentity identity = DeviceIdentity.Deserialize([.. keys, (byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded]);
        DeviceList list = DeviceList.Sign(account, [certificate], known, world.Clock);
        Engine engine = await bob.Client.OpenAsync(default);
        await engine.Account.StoreAsync(identity, account, list, default);
        await engine.Core.Relay.PublishDeviceListAsync(list.Encode());
        (await bob.Client.SignUpAsync()).Dispose();
        await bob.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
    }

    private static int CountOfLong(World world) =>
        world.Relay.Delivered.Count(item => item.Sender.UserId == "alice" && item.Envelope.Content.Length > s_long.Length);
}
