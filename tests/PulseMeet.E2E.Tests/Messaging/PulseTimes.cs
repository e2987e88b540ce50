using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Mls.Tests;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attacks 23b, 25 and 26 in the client: keys that are renewed by count and devices that go for their silence, without anybody's asking; and
/// a commit that opens for some only.</summary>
public sealed class PulseTimes
{
    /// <summary>Alice's phone has no relay for eight days, and what she wrote is lost on the way to Bob when it has one again.</summary>
    [Fact]
    public async Task What_waited_for_longer_than_it_is_kept_is_kept_from_when_it_was_sent()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "zero");
        await world.SettleAsync(2);
        world.Relay.Before = (caller, _) => caller == alice.Address ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await alice.TellAsync(pulse.Id, "one");
        world.Clock.Advance(TimeSpan.FromDays(8));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        int before = world.Relay.GroupMessages.Count;
        await alice.SyncAsync();
        HashSet<string> lost = [.. world.Relay.GroupMessages.Skip(before).Select(told => Convert.ToHexString(told.Message.Id.Span))];
        world.Relay.OnPage = (caller, items) => caller != bob.Address ? items
            : [.. items.Where(item => !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        await world.SettleAsync(2);
        await alice.TellAsync(pulse.Id, "two");
        await world.SettleAsync(2);
        Assert.Equal(["zero", "two"], bob.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["zero", "two", "one"], bob.PulseTexts(pulse.Id));
        Assert.DoesNotContain(bob.Seen, e => e is PulseMessagesMissing { IsLost: true });
    }

    [Fact]
    public async Task After_a_thousand_messages_a_device_renews_its_keys_by_itself_and_all_of_them_are_read()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        bob.IsActive = carol.IsActive = false;
        ulong epoch = await world.EpochAsync(pulse.Id, alice);
        for (int i = 0; i < 999; i++)
        {
            await alice.TellAsync(pulse.Id, $"{i}");
        }

        await alice.SyncAsync();
        Assert.Equal(epoch, await world.EpochAsync(pulse.Id, alice));
        await alice.TellAsync(pulse.Id, "999");
        await alice.SyncAsync();
        Assert.Equal(epoch + 1, await world.EpochAsync(pulse.Id, alice));
        await alice.TellAsync(pulse.Id, "under new keys");
        await alice.SyncAsync();
        Assert.Equal(epoch + 1, await world.EpochAsync(pulse.Id, alice));
        bob.IsActive = true;
        await world.SettleAsync(2);
        Assert.Equal([.. Enumerable.Range(0, 1000).Select(i => $"{i}"), "under new keys"], bob.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_device_that_was_silent_for_90_days_goes_and_comes_back_by_itself_when_it_wakes_up()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member tablet = await world.LinkAsync(bob, "tablet");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(3);
        Assert.Equal(["phone", "tablet"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        tablet.IsActive = false;
        for (int days = 0; days < 88; days += 8)
        {
            world.Clock.Advance(TimeSpan.FromDays(8));
            await world.SettleAsync(1);
        }

        Assert.Equal(["phone", "tablet"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        world.Clock.Advance(TimeSpan.FromDays(3));
        await world.SettleAsync(2);
        Assert.Equal(["phone"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        Assert.Contains(alice.Seen.OfType<PulseDevicesChanged>(), changed => changed.UserId == "bob" && changed.Removed.Contains("tablet"));

        // Nothing that is said then is for it, whoever shows it.
        await alice.TellAsync(pulse.Id, "while it slept");
        await world.SettleAsync(1);
        tablet.IsActive = true;
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(4);
        Assert.Equal(["phone", "tablet"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        await alice.TellAsync(pulse.Id, "good morning");
        await world.SettleAsync(2);
        await world.ShowAllAsync(pulse.Id, tablet);
        await tablet.TakeEventsAsync();
        Assert.Equal(["good morning"], tablet.PulseTexts(pulse.Id));
        Assert.Equal(["while it slept", "good morning"], bob.PulseTexts(pulse.Id));
    }

    /// <summary>Bob's client makes a commit that Alice, beside whom he is in the tree, can follow, and Carol cannot.</summary>
    [Fact]
    public async Task A_commit_that_opens_for_some_only_makes_the_others_come_back_and_its_committer_is_named()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        ulong epoch = await world.EpochAsync(pulse.Id, alice);
        byte[] split = [];
        byte[] snapshot = [];
        await bob.ChangeGroupAsync(pulse.Id, group =>
        {
            snapshot = group.Snapshot();
            split = new Forged { Format = WireFormat.PrivateMessage, Path = BrokenAtTheTop }.By(group.Mls.Current);
        });
        bob.IsActive = false;
        await world.Relay.Connect(bob.Address).OfferCommitAsync(
            new GroupCommit(pulse.Id.ToArray(), epoch, new byte[16], split, [], [], default, snapshot));
        await alice.SyncAsync();
        await alice.SyncAsync();
        await pulse.RenameAsync("Roof");
        await alice.TellAsync(pulse.Id, "on Bob's line");
        await world.SettleAsync(6);
        world.Clock.Advance(TimeSpan.FromMinutes(20));
        await world.SettleAsync(6);
        Assert.Equal(bob.Address, Assert.Single(carol.Seen.OfType<PulseRejoined>()).Cause);
        Assert.Equal(carol.Address, Assert.Single(alice.Seen.OfType<PulseRejoined>()).Device);
        Assert.Equal("Roof", (await carol.RosterAsync(pulse.Id)).Name);
        await carol.TellAsync(pulse.Id, "here again");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(3);
        Assert.Equal(["here again"], alice.PulseTexts(pulse.Id));
        await alice.TellAsync(pulse.Id, "welcome back");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["on Bob's line", "welcome back"], carol.PulseTexts(pulse.Id).Order());
    }

    /// <summary>The same, and behind it stand forty more of Bob's, which open for nobody: Carol sees them, and Alice has no reason to look.</summary>
    [Fact]
    public async Task What_stands_behind_a_commit_that_opens_for_some_only_keeps_nobody_from_coming_back()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        ulong epoch = await world.EpochAsync(pulse.Id, alice);
        byte[] split = [];
        byte[] snapshot = [];
        List<byte[]> behind = [];
        await bob.ChangeGroupAsync(pulse.Id, group =>
        {
            snapshot = group.Snapshot();
            split = new Forged { Format = WireFormat.PrivateMessage, Path = BrokenAtTheTop }.By(group.Mls.Current);
            for (int i = 0; i < 40; i++)
            {
                behind.Add(new Forged { Format = WireFormat.PrivateMessage, Path = Broken }.By(group.Mls.Current));
            }
        });
        bob.IsActive = false;
        await world.Relay.Connect(bob.Address).OfferCommitAsync(
            new GroupCommit(pulse.Id.ToArray(), epoch, new byte[16], split, [], [], default, snapshot));
        world.Relay.ShownCandidates = (caller, from, place, candidates) => caller == carol.Address && from == epoch && place == 0
            ? [candidates[0], .. behind.Select((commit, i) => candidates[0] with { Place = i + 1, Commit = commit })]
            : candidates;
        await alice.SyncAsync();
        await alice.SyncAsync();
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(6);
        world.Clock.Advance(TimeSpan.FromMinutes(20));
        await world.SettleAsync(6);
        Assert.Equal(bob.Address, Assert.Single(carol.Seen.OfType<PulseRejoined>()).Cause);
        await alice.TellAsync(pulse.Id, "welcome back");
        await world.SettleAsync(3);
        Assert.Equal(["welcome back"], carol.PulseTexts(pulse.Id));
    }

    private static UpdatePath Broken(UpdatePath path) => new(
        path.Leaf,
        [
            .. path.Nodes.Select(node => new UpdatePathNode(node.EncryptionKey, [.. node.EncryptedPathSecrets.Select(
                secret => new HpkeCiphertext(secret.KemOutput, [.. secret.Ciphertext.Select(value => (byte)~value)]))])),
        ]);

    private static UpdatePath BrokenAtTheTop(UpdatePath path)
    {
        UpdatePathNode top = path.Nodes[^1];
        HpkeCiphertext[] broken = [.. top.EncryptedPathSecrets.Select(
            secret => new HpkeCiphertext(secret.KemOutput, [.. secret.Ciphertext.Select(value => (byte)~value)]))];
        return new UpdatePath(path.Leaf, [.. path.Nodes.SkipLast(1), new UpdatePathNode(top.EncryptionKey, broken)]);
    }
}
