using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>The account's private key goes to another device of the account when its user says so, sealed to that device's request, and to nobody
/// else; then that device, too, lets devices in and removes them.</summary>
public sealed class AccountKeyGoesOver
{
    [Fact]
    public async Task A_device_that_was_given_the_key_lets_devices_in_removes_them_and_replaces_the_recovery_key()
    {
        await using var world = new World();
        (Member phone, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(phone, "laptop");
        await laptop.Client.AcceptAsync("bob");
        Assert.Equal(E2EError.NotAllowed, await ReasonAsync(() => laptop.Client.RemoveDeviceAsync("phone")));
        using (LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync())
        {
            await phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray());
            await laptop.Client.TakeAccountKeyAsync(request);

            // A call that was through is through.
            await laptop.Client.TakeAccountKeyAsync(request);
        }

        await laptop.RestartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => laptop.Client.RequestAccountKeyAsync());
        Member tablet = await world.LinkAsync(laptop, "tablet");
        phone.IsActive = false;
        await laptop.Client.RemoveDeviceAsync("phone");
        using RecoveryKey recovery = await laptop.Client.ReplaceRecoveryKeyAsync();
        await tablet.Client.AcceptAsync("bob");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "who is there?");
        await world.SettleAsync();
        Assert.Equal(["who is there?"], laptop.Texts);
        Assert.Equal(["who is there?"], tablet.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is AccountKeyChanged or DeviceListSuspicious);

        // It keeps the list and the certificates fresh, which the phone did.
        long before = (await world.Relay.ListOfAsync("alice")).Number;
        world.Clock.Advance(TimeSpan.FromDays(8));
        await laptop.SyncAsync();
        Assert.True((await world.Relay.ListOfAsync("alice")).Number > before);
    }

    [Fact]
    public async Task Nobody_gets_it_but_the_device_that_asked_and_that_the_user_has_named()
    {
        await using var world = new World();
        (Member phone, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(phone, "laptop");
        Member tablet = await world.LinkAsync(phone, "tablet");
        await world.SettleAsync();
        using LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        using LinkKeyRequest bobs = await AnothersAsync(world, bob);
        byte[] changed = request.ToArray();
        changed[^66] ^= 1;
        Assert.Equal(E2EError.WrongIdentity, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("tablet", request.ToArray())));
        Assert.Equal(E2EError.WrongIdentity, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", bobs.ToArray())));
        Assert.Equal(E2EError.InvalidSignature, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", changed)));
        Assert.Equal(E2EError.UnsupportedVersion, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray().AsMemory(1))));
        Assert.Equal(E2EError.NotAllowed, await ReasonAsync(() => tablet.Client.HandOverAccountKeyAsync("laptop", request.ToArray())));

        await phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray());
        Assert.Equal(E2EError.LinkRefused, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray())));

        // Another device of the account asks the relay for the same answer: it is sealed to the laptop's request.
        byte[]? answer = await world.Relay.Connect(tablet.Address).GetLinkAnswerAsync(request.ToArray().AsMemory(1, 16), TimeSpan.Zero);
        using LinkKeyRequest tablets = await tablet.Client.RequestAccountKeyAsync();
        Assert.Equal(E2EError.LinkRefused, Assert.Throws<E2EException>(() => tablets.Complete(answer!, world.Clock.GetUtcNow())).Reason);

        // A request of a device that was removed, and one that is too old.
        await phone.Client.RemoveDeviceAsync("tablet");
        Assert.Equal(E2EError.UnlistedDevice, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("tablet", tablets.ToArray())));
        using LinkKeyRequest old = await laptop.Client.RequestAccountKeyAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(11));
        world.Relay.OnNoAnswer = () => { };
        Assert.Equal(E2EError.LinkRefused, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", old.ToArray())));
        Assert.Equal(E2EError.LinkRefused, await ReasonAsync(() => laptop.Client.TakeAccountKeyAsync(old)));
        Assert.Equal(E2EError.NotAllowed, await ReasonAsync(() => laptop.Client.RemoveDeviceAsync("phone")));
    }

    [Fact]
    public async Task A_device_that_was_removed_before_the_answer_had_left_gets_nothing()
    {
        await using var world = new World();
        (Member phone, _) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(phone, "laptop");
        using LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        world.Relay.Before = (_, call) => call == "put answer" ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        Assert.Equal(
            E2EError.RelayUnavailable, await ReasonAsync(() => phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray())));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await phone.Client.RemoveDeviceAsync("laptop");
        phone.Crash();
        await phone.SyncAsync();
        Assert.Null(await world.Relay.Connect(laptop.Address).GetLinkAnswerAsync(request.ToArray().AsMemory(1, 16), TimeSpan.Zero));
    }

    [Fact]
    public async Task An_answer_that_had_not_left_when_the_process_died_leaves_with_the_next_upkeep()
    {
        await using var world = new World();
        (Member phone, _) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(phone, "laptop");
        using LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        world.Relay.Before = (_, call) => call == "put answer" ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray()));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        phone.Crash();
        await phone.SyncAsync();

        // Nobody waits for an answer that is not there.
        world.Relay.OnNoAnswer = () => world.Clock.Advance(TimeSpan.FromMinutes(11));
        await laptop.Client.TakeAccountKeyAsync(request);
        (await laptop.Client.ReplaceRecoveryKeyAsync()).Dispose();
    }

    [Fact]
    public async Task Whoever_waits_for_it_reads_meanwhile()
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var world = new World();
        (Member phone, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(phone, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await world.SettleAsync();
        using LinkKeyRequest request = await laptop.Client.RequestAccountKeyAsync();
        var isAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Relay.Before = (caller, call) =>
        {
            if (caller == laptop.Address && call == "get answer")
            {
                isAsked.TrySetResult();
            }

            return Task.CompletedTask;
        };

        // After a start everything is looked after in the first round.
        await laptop.RestartAsync();
        Task taking = laptop.Client.TakeAccountKeyAsync(request, time.Token);
        await isAsked.Task.WaitAsync(time.Token);
        await laptop.SyncAsync().WaitAsync(time.Token);
        await bob.SayAsync("alice", "hello");
        await bob.SyncAsync();
        await laptop.SyncAsync().WaitAsync(time.Token);
        Assert.Contains("hello", laptop.Texts);
        await phone.Client.HandOverAccountKeyAsync("laptop", request.ToArray(), time.Token);
        await taking.WaitAsync(time.Token);
    }

    /// <summary>Of another account, under the laptop's name.</summary>
    private static async Task<LinkKeyRequest> AnothersAsync(World world, Member bob)
    {
        Member laptop = await world.LinkAsync(bob, "laptop");
        return await laptop.Client.RequestAccountKeyAsync();
    }

    private static async Task<E2EError> ReasonAsync(Func<Task> act) => (await Assert.ThrowsAsync<E2EException>(act)).Reason;
}
