using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Welcomes and key packages, where strangers send what they like and the relay refuses or wants more and more: what is kept is bounded,
/// and what is real is not lost.</summary>
public sealed class PulseWelcomes
{
    [Fact]
    public async Task Welcomes_of_strangers_that_can_never_be_taken_keep_out_no_real_one()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        using PulseForeign foreign = await ForeignAsync(world, mallory);
        PreparedCommit trap = await foreign.BringAsync(bob);
        for (int i = 0; i < WelcomeRecord.Max; i++)
        {
            foreign.Plant(trap, Sha256.Hash(BitConverter.GetBytes(i)));
        }

        await bob.SyncAsync();
        Assert.Equal(WelcomeRecord.Max, await CountAsync(bob, RecordKey.Welcomes));
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        Assert.Equal(pulse.Id, Assert.Single(bob.Seen.OfType<PulseJoined>()).PulseId);
        await alice.TellAsync(pulse.Id, "in");
        await world.SettleAsync(2);
        Assert.Equal(["in"], bob.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task What_waits_for_a_group_to_which_no_Welcome_leads_any_more_is_deleted()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        using PulseForeign foreign = await ForeignAsync(world, mallory);
        PreparedCommit trap = await foreign.BringAsync(bob);
        foreign.Plant(trap, new byte[Sha256.Size]);
        for (int i = 0; i < 5; i++)
        {
            byte[] message = foreign.Group.Seal("for nobody"u8);
            world.Relay.Put(
                mallory.Address,
                new OutgoingEnvelope(bob.Address, Sha256.Hash(message).AsSpan(0, MessageId.Size).ToArray(), message),
                MailboxItemKind.GroupMessage,
                foreign.Id.ToArray());
        }

        await bob.SyncAsync();
        Assert.Equal((1, 5), (await CountAsync(bob, RecordKey.Welcomes), await CountAsync(bob, RecordKey.PulseWaiting)));
        world.Clock.Advance(WelcomeRecord.MaxAge);
        await bob.SyncAsync();
        Assert.Equal((0, 0), (await CountAsync(bob, RecordKey.Welcomes), await CountAsync(bob, RecordKey.PulseWaiting)));
        Assert.Empty(bob.Seen.OfType<PulseJoined>());
    }

    [Fact]
    public async Task A_relay_that_refuses_for_now_what_a_Welcome_needs_costs_no_Welcome()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await alice.TellAsync(pulse.Id, "welcome");
        int refused = 0;
        world.Relay.Before = (caller, call) =>
        {
            if (caller == bob.Address && call == "tree")
            {
                refused++;
                throw new E2EException(E2EError.LimitExceeded);
            }

            return Task.CompletedTask;
        };
        await world.SettleAsync(2);
        Assert.True(refused > 0);
        Assert.Empty(bob.Seen);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(2);
        Assert.Equal(["welcome"], bob.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_relay_that_always_wants_more_key_packages_fills_no_store_and_the_newest_still_let_somebody_in()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        for (int i = 0; i < (PulseKeys.MaxStored / PulseKeys.Packages) + 3; i++)
        {
            for (int j = 0; j < PulseKeys.Packages; j++)
            {
                await world.Relay.Connect(alice.Address).ClaimKeyPackagesAsync("bob");
            }

            world.Clock.Advance(TimeSpan.FromHours(25));
            await bob.SyncAsync();
        }

        Assert.InRange(await CountAsync(bob, RecordKey.KeyPackages), PulseKeys.MaxStored, PulseKeys.MaxStored + PulseKeys.MaxLastResorts);
        Assert.InRange(await CountAsync(bob, RecordKey.KeyPackageNames), 2 * PulseKeys.MaxStored, 2 * (PulseKeys.MaxStored + PulseKeys.MaxLastResorts));
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        Assert.Equal(pulse.Id, Assert.Single(bob.Seen.OfType<PulseJoined>()).PulseId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_with_secrets_is_zeroed_in_memory_when_it_is_written_and_when_it_is_not(bool isWritten)
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Engine engine = await bob.Client.OpenAsync(default);
        byte[] key = [1];
        byte[] secret = [1, 2, 3];
        Task writing = engine.Core.ChangeAsync([], async work =>
        {
            work.PutSecret(RecordKey.PulseJoins, key, secret);
            byte[] read = (await work.ReadSecretAsync(RecordKey.PulseJoins, key))!;
            Array.Clear(read);
            Assert.Equal([1, 2, 3], secret);
            if (!isWritten)
            {
                throw new InvalidOperationException();
            }
        }, default);
        if (isWritten)
        {
            await writing;
        }
        else
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => writing);
        }

        Assert.Equal([0, 0, 0], secret);
        Assert.Equal(isWritten ? [1, 2, 3] : null, (await engine.Core.Store.ReadAsync(RecordKey.PulseJoins, key))?.Value);
    }

    /// <summary>He is heard in no chat of his own either, and his relay's deliveries fill nobody's events.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_a_chat_into_which_a_blocked_user_has_added_somebody_nothing_of_his_is_told(bool isWelcomeLost)
    {
        await using var world = new World();
        world.Relay.OnPage = (_, items) => [.. items.Where(item => item.Kind != MailboxItemKind.Welcome || !isWelcomeLost)];
        Member alice = await world.SignUpAsync("alice");
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        await alice.Client.BlockAsync("mallory");
        PulseChat pulse = await mallory.Client.CreatePulseAsync("Spam", ["alice"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await mallory.TellAsync(pulse.Id, "buy");
        await world.SettleAsync(2);
        Assert.DoesNotContain(alice.Seen, e => e is PulseEvent);
        Assert.Null(await alice.Client.GetPulseAsync(pulse.Id));
    }

    /// <summary>Until he is accepted: then what comes shows that there is a chat that the device is not in.</summary>
    /// <summary>Of a contact's chats there are as many as he likes, and a chat that is left gives its place to another one.</summary>
    [Fact]
    public async Task Strangers_lead_into_so_many_chats_and_no_more_and_keep_no_contact_out()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        Member mallory = await world.SignUpAsync("mallory");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        for (int i = 0; i <= PulseJoining.MaxOfStrangers; i++)
        {
            await mallory.Client.CreatePulseAsync($"{i}", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
            if (i % 32 == 0)
            {
                await mallory.Client.SynchronizeAsync();
                await bob.SyncAsync();
            }
        }

        Assert.Equal(PulseJoining.MaxOfStrangers, bob.Seen.OfType<PulseJoined>().Count());
        Assert.Equal(E2EError.LimitExceeded, Assert.Single(bob.Seen.OfType<PulseMessageUnreadable>()).Reason);

        await bob.Client.AcceptAsync("carol");
        PulseChat invited = await carol.Client.CreatePulseAsync("party", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        Assert.Contains(bob.Seen.OfType<PulseJoined>(), joined => joined.PulseId == invited.Id);

        await (await bob.PulseAsync(bob.Seen.OfType<PulseJoined>().First().PulseId)).LeaveAsync();
        await world.SettleAsync(3);
        PulseChat next = await mallory.Client.CreatePulseAsync("once more", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        Assert.Contains(bob.Seen.OfType<PulseJoined>(), joined => joined.PulseId == next.Id);
    }

    [Fact]
    public async Task Of_a_chat_into_which_a_blocked_user_has_added_somebody_nothing_of_the_others_is_told_either()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        await alice.Client.BlockAsync("mallory");
        PulseChat pulse = await mallory.Client.CreatePulseAsync("Spam", ["alice", "bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await bob.TellAsync(pulse.Id, "who are you all?");
        await world.SettleAsync(2);
        await alice.RestartAsync();
        await bob.TellAsync(pulse.Id, "hello?");
        await world.SettleAsync(2);
        Assert.DoesNotContain(alice.Seen, e => e is PulseEvent);
        Assert.Null(await alice.Client.GetPulseAsync(pulse.Id));

        await alice.Client.AcceptAsync("mallory");
        await bob.TellAsync(pulse.Id, "anybody?");
        await world.SettleAsync(2);
        Assert.Equal(bob.Address, Assert.IsType<PulseMessageUnreadable>(Assert.Single(alice.Seen.OfType<PulseEvent>())).ClaimedSender);
        await pulse.RemoveAsync("alice");
        await pulse.AddAsync("alice");
        await world.SettleAsync(2);
        await bob.TellAsync(pulse.Id, "there you are");
        await world.SettleAsync(2);
        Assert.Equal(["there you are"], alice.PulseTexts(pulse.Id));
    }

    private static Task<PulseForeign> ForeignAsync(World world, Member stranger) =>
        PulseForeign.OfAsync(world, stranger, new PulseId(Sha256.Hash("a stranger's"u8)), epoch: 0);

    private static async Task<int> CountAsync(Member member, byte table) =>
        (await (await member.Client.OpenAsync(default)).Core.Store.ScanAsync(table, default, default, 10_000)).Count;
}
