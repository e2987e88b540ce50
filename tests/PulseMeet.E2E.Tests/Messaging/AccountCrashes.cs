using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 51 for what is done seldom: at every write of linking, removing, recovering, resetting, replacing the recovery key, handing the account
/// key over, changing the master key, verifying, accepting a new account key, sending a file and wiping, the process dies or the write fails. The same call, made once more, ends it.</summary>
public sealed class AccountCrashes
{
    private static readonly Dictionary<string, Func<World, Task<Trial>>> s_operations = new()
    {
        ["approve a device"] = ApproveAsync,
        ["complete a link"] = CompleteAsync,
        ["remove a device"] = RemoveAsync,
        ["recover the account"] = RecoverAsync,
        ["reset the account"] = ResetAsync,
        ["replace the recovery key"] = ReplaceAsync,
        ["hand the account key over"] = HandOverAsync,
        ["take the account key"] = TakeAsync,
        ["change the master key"] = ChangeMasterKeyAsync,
        ["mark as verified"] = VerifyAsync,
        ["accept an account key"] = AcceptKeyAsync,
        ["send a file"] = SendFileAsync,
        ["wipe"] = WipeAsync,
    };

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Whichever_write_the_process_dies_at_the_same_call_made_once_more_ends_it(string operation)
    {
        await Dying.AtEveryWriteAsync(2, 40, async death =>
        {
            await using var world = new World();
            Trial trial = await s_operations[operation](world);
            await death.ActAsync(trial.Dies, trial.Act);
            await trial.GoOn();
            string[] nonces = [.. world.Relay.Delivered.Select(item => Nonces.Of(item.Envelope))];
            Assert.Equal(nonces.Length, nonces.Distinct().Count());
        });
    }

    private static async Task<Trial> ApproveAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = world.Device("alice", "laptop");
        laptop.IsActive = false;
        LinkRequest request = await laptop.Client.RequestLinkAsync();
        return new Trial(
            alice,
            () => alice.Client.ApproveLinkAsync(request.Payload),
            async () =>
            {
                await UnlessAsync(() => alice.Client.ApproveLinkAsync(request.Payload), E2EError.LinkRefused);
                await alice.SyncAsync();
                await laptop.Client.CompleteLinkAsync(request);
                request.Dispose();
                await AssertReachedAsync(world, bob, laptop);
            });
    }

    private static async Task<Trial> CompleteAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = world.Device("alice", "laptop");
        laptop.IsActive = false;
        LinkRequest? request = null;
        return new Trial(
            laptop,
            async () =>
            {
                request = await laptop.Client.RequestLinkAsync();
                await alice.Client.ApproveLinkAsync(request.Payload);
                await laptop.Client.CompleteLinkAsync(request);
            },
            async () =>
            {
                // The request died with its process. Where its answer was stored it is not needed any more; otherwise the device is linked anew.
                request?.Dispose();
                try
                {
                    using LinkRequest again = await laptop.Client.RequestLinkAsync();
                    if (!(await laptop.Client.OpenAsync(default)).Core.HasIdentity)
                    {
                        await UnlessAsync(() => alice.Client.RemoveDeviceAsync("laptop"), E2EError.UnknownDevice);
                        await alice.Client.ApproveLinkAsync(again.Payload);
                    }

                    await laptop.Client.CompleteLinkAsync(again);
                }
                catch (InvalidOperationException exception) when (exception.Message.Contains("already", StringComparison.Ordinal))
                {
                    // The last write was through.
                }

                await AssertReachedAsync(world, bob, laptop);
            });
    }

    private static async Task<Trial> RemoveAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        Member tablet = await world.LinkAsync(alice, "tablet");
        await world.SettleAsync(2);
        tablet.IsActive = false;
        return new Trial(
            alice,
            () => alice.Client.RemoveDeviceAsync("tablet"),
            async () =>
            {
                await UnlessAsync(() => alice.Client.RemoveDeviceAsync("tablet"), E2EError.UnknownDevice);
                await alice.SyncAsync();
                world.Clock.Advance(TimeSpan.FromHours(2));
                int before = world.Relay.Delivered.Count(item => item.Envelope.Recipient == tablet.Address);
                await AssertReachedAsync(world, bob, alice);
                Assert.Equal(before, world.Relay.Delivered.Count(item => item.Envelope.Recipient == tablet.Address));
                Assert.Null((await world.Relay.ListOfAsync("alice")).Find("tablet"));
            });
    }

    private static async Task<Trial> RecoverAsync(World world)
    {
        Member alice = world.Device("alice");
        RecoveryKey recovery = await alice.Client.SignUpAsync();
        Member bob = await world.SignUpAsync("bob");
        await bob.Client.AcceptAsync("alice");
        await alice.LoseAsync();
        return new Trial(
            alice,
            () => alice.Client.RecoverAsync(recovery),
            async () =>
            {
                try
                {
                    await alice.Client.RecoverAsync(recovery);
                }
                catch (InvalidOperationException)
                {
                    // The last write was through.
                }

                recovery.Dispose();
                await AssertReachedAsync(world, bob, alice);
                Assert.DoesNotContain(bob.Seen, e => e is AccountKeyChanged);
            });
    }

    private static async Task<Trial> ResetAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "before");
        await world.SettleAsync(2);
        return new Trial(
            alice,
            async () => (await alice.Client.ResetAccountAsync()).Dispose(),
            async () =>
            {
                using RecoveryKey recovery = await alice.Client.ResetAccountAsync();
                world.Clock.Advance(TimeSpan.FromHours(2));
                await AssertReachedAsync(world, bob, alice);
                AccountKeyChanged changed = bob.Seen.OfType<AccountKeyChanged>().Last();
                Assert.Equal((await world.Relay.ListOfAsync("alice")).AccountKey, changed.AccountKey);
                await alice.LoseAsync();
                await alice.Client.RecoverAsync(recovery);
            });
    }

    private static async Task<Trial> ReplaceAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        return new Trial(
            alice,
            async () => (await alice.Client.ReplaceRecoveryKeyAsync()).Dispose(),
            async () =>
            {
                using RecoveryKey recovery = await alice.Client.ReplaceRecoveryKeyAsync();
                await alice.LoseAsync();
                await alice.Client.RecoverAsync(recovery);
                await AssertReachedAsync(world, bob, alice);
            });
    }

    private static async Task<Trial> HandOverAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await world.SettleAsync(2);
        LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        return new Trial(
            alice,
            () => alice.Client.HandOverAccountKeyAsync("laptop", request.ToArray()),
            async () =>
            {
                await UnlessAsync(() => alice.Client.HandOverAccountKeyAsync("laptop", request.ToArray()), E2EError.LinkRefused);
                await alice.SyncAsync();
                await laptop.Client.TakeAccountKeyAsync(request);
                request.Dispose();
                (await laptop.Client.ReplaceRecoveryKeyAsync()).Dispose();
                await AssertReachedAsync(world, bob, laptop);
            });
    }

    private static async Task<Trial> TakeAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await world.SettleAsync(2);
        LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        await alice.Client.HandOverAccountKeyAsync("laptop", request.ToArray());
        return new Trial(
            laptop,
            () => laptop.Client.TakeAccountKeyAsync(request),
            async () =>
            {
                await laptop.Client.TakeAccountKeyAsync(request);
                request.Dispose();
                (await laptop.Client.ReplaceRecoveryKeyAsync()).Dispose();
                await AssertReachedAsync(world, bob, laptop);
            });
    }

    private static async Task<Trial> ChangeMasterKeyAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync(2);
        MasterKey next = MasterKey.Generate();
        return new Trial(
            alice,
            () => alice.Client.ChangeMasterKeyAsync(next),
            async () =>
            {
                // The app has both, and opens with the one that the store was written under.
                await alice.OpenWithAsync(null);
                await alice.OpenWithAsync(await OpensAsync(alice) ? null : next);
                await alice.Client.ChangeMasterKeyAsync(next);
                await alice.OpenWithAsync(null);
                Assert.False(await OpensAsync(alice));
                await alice.OpenWithAsync(next);
                await AssertReachedAsync(world, bob, alice);
                next.Dispose();
            });
    }

    private static async Task<bool> OpensAsync(Member member)
    {
        try
        {
            await member.Client.OpenAsync(default);
            return true;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.WrongMasterKey)
        {
            return false;
        }
    }

    private static async Task<Trial> VerifyAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync(2);
        return new Trial(
            alice,
            async () => await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob")),
            async () =>
            {
                await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
                await alice.RestartAsync();
                Assert.True(await alice.Client.IsVerifiedAsync("bob"));
                await AssertReachedAsync(world, bob, alice);
            });
    }

    private static async Task<Trial> AcceptKeyAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync(2);
        await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
        (await bob.Client.ResetAccountAsync()).Dispose();
        await bob.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "it is me");
        await world.SettleAsync(2);
        AccountKeyChanged changed = Assert.Single(alice.Seen.OfType<AccountKeyChanged>());
        return new Trial(
            alice,
            () => alice.Client.AcceptAccountKeyAsync(changed),
            async () =>
            {
                await alice.Client.AcceptAccountKeyAsync(changed);
                await world.SettleAsync(3);
                Assert.Equal(1, alice.Texts.Count(text => text == "it is me"));
                await AssertReachedAsync(world, bob, alice);
            });
    }

    private static async Task<Trial> SendFileAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync(2);
        byte[] photo = new byte[300_000];
        Random.Shared.NextBytes(photo);
        bool hasComeBack = false;
        async Task SendAsync()
        {
            await alice.Client.SendFileAsync("bob", new MemoryStream(photo), new FileDetails("cat.png", "image/png"));
            hasComeBack = true;
        }

        return new Trial(
            alice,
            SendAsync,
            async () =>
            {
                bool wasSent = hasComeBack;
                if (!wasSent)
                {
                    await SendAsync();
                }

                await AssertReachedAsync(world, bob, alice);
                MediaContent[] files = [.. bob.Messages.Select(message => message.Content).OfType<MediaContent>()];
                Assert.InRange(files.Length, 1, wasSent ? 1 : 2);
                foreach (MediaContent file in files)
                {
                    await using Stream opened = await bob.Client.OpenMediaAsync(file.Reference);
                    var read = new MemoryStream();
                    await opened.CopyToAsync(read);
                    Assert.Equal(photo, read.ToArray());
                }
            });
    }

    private static async Task<Trial> WipeAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        return new Trial(
            alice,
            () => alice.Client.WipeAsync(),
            async () =>
            {
                await alice.RestartAsync(store => store);
                await alice.Client.WipeAsync();
                await alice.RestartAsync();
                ClientCore core = (await alice.Client.OpenAsync(default)).Core;
                Assert.False(core.HasIdentity);
                Assert.Empty(await core.Store.ScanAsync(RecordKey.Sent, default, default, 10));
                (await alice.Client.ResetAccountAsync()).Dispose();
                await AssertReachedAsync(world, bob, alice);
            });
    }

    /// <summary>The device is as good as any: what somebody says comes to it, once, and what it says comes there.</summary>
    private static async Task AssertReachedAsync(World world, Member from, Member device)
    {
        device.IsActive = true;
        await device.Client.AcceptAsync(from.UserId);
        await device.SayAsync(from.UserId, "here I am");
        await world.SettleAsync(3);
        await from.SayAsync(device.UserId, "hello");
        await world.SettleAsync(3);
        Assert.Equal(1, device.Texts.Count(text => text == "hello"));
        Assert.Equal(1, from.Texts.Count(text => text == "here I am"));
    }

    private static async Task UnlessAsync(Func<Task> act, E2EError isDone)
    {
        try
        {
            await act();
        }
        catch (E2EException exception) when (exception.Reason == isDone)
        {
        }
    }

    /// <param name="Dies">The device whose store fails.</param>
    /// <param name="Act">What it does meanwhile.</param>
    /// <param name="GoOn">What its user does then, and what has to be the case.</param>
    private sealed record Trial(Member Dies, Func<Task> Act, Func<Task> GoOn);
}
