using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a relay can do to a pulse chat: it is refused, named, or goes by; nothing is lost, nobody comes in, and no client hangs.</summary>
public sealed class PulseHostileRelay
{
    /// <summary>Attack 23a.</summary>
    [Fact]
    public async Task Junk_in_front_of_every_candidate_stops_nobody()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        byte[][] junk = [[], [1, 2, 3], new byte[1000]];
        world.Relay.AskedPlace = (_, _, place) => Math.Max(0, place - junk.Length);
        world.Relay.ShownCandidates = (_, epoch, place, candidates) =>
        [
            .. junk.Select((bytes, i) => new GroupCandidate(epoch, i, alice.Address, bytes)).Skip(place),
            .. candidates.Where(candidate => candidate.Epoch == epoch).Select(candidate => candidate with { Place = candidate.Place + junk.Length }),
        ];
        for (int i = 0; i < 4; i++)
        {
            await pulse.RenameAsync($"name {i}");
            await alice.TellAsync(pulse.Id, $"text {i}");
        }

        await world.SettleAsync(3);
        foreach (Member member in new[] { bob, carol })
        {
            Assert.Equal("name 3", (await member.RosterAsync(pulse.Id)).Name);
            Assert.Equal(["text 0", "text 1", "text 2", "text 3"], member.PulseTexts(pulse.Id));
        }

        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_relay_without_an_end_of_candidates_ends_no_client()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        int asked = 0;
        world.Relay.ShownCandidates = (_, epoch, place, _) =>
        {
            asked++;
            return [.. Enumerable.Range(place, 100).Select(at => new GroupCandidate(epoch, at, bob.Address, new byte[] { 1, 2, 3 }))];
        };
        E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => pulse.RenameAsync("for ever"));
        Assert.Equal(E2EError.RelayUnavailable, refusal.Reason);
        Assert.InRange(asked, 1, 300);
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;

        // It has looked past what is real: the epoch's candidates are asked for once more, from the first on.
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(3);
        Assert.Equal("for ever", (await alice.RosterAsync(pulse.Id)).Name);
        Assert.Equal("for ever", (await bob.RosterAsync(pulse.Id)).Name);
    }

    /// <summary>What was looked at in vain is none of the relay's list afterwards: the place behind it is never reached.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(1, false)]
    [InlineData(300, false)]
    public async Task Candidates_that_the_relay_invents_once_strand_nobody(int invented, bool takesJoins)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { ExternalJoin = takesJoins },
        });
        world.Relay.ShownCandidates = (caller, epoch, place, candidates) => caller != bob.Address ? candidates : place < invented
            ? [new GroupCandidate(epoch, place, carol.Address, new byte[100])]
            : [];
        await pulse.RenameAsync("Roof");
        await alice.TellAsync(pulse.Id, "on the roof");
        await world.SettleAsync(2);
        Assert.Equal("Rooftop", (await bob.RosterAsync(pulse.Id)).Name);
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await alice.TellAsync(pulse.Id, "still there");
        await world.SettleAsync(3);
        Assert.Equal("Roof", (await bob.RosterAsync(pulse.Id)).Name);
        await bob.TellAsync(pulse.Id, "here");
        await world.SettleAsync(3);
        Assert.Equal(["on the roof", "still there"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["here"], alice.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task What_was_looked_at_in_vain_is_asked_for_once_more_an_hour_and_no_oftener()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        int asked = 0;
        world.Relay.ShownCandidates = (caller, epoch, place, candidates) =>
        {
            asked += caller == bob.Address && place == 0 ? 1 : 0;
            return caller != bob.Address ? candidates : place == 0 ? [new GroupCandidate(epoch, 0, carol.Address, new byte[100])] : [];
        };
        await pulse.RenameAsync("Roof");
        for (int minute = 0; minute < 120; minute++)
        {
            await alice.TellAsync(pulse.Id, $"{minute}");
            await alice.SyncAsync();
            await bob.SyncAsync();
            world.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(asked, 2, 4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Candidates_that_were_not_asked_for_are_an_error_of_the_relay_and_the_next_honest_answer_goes_on(int lie)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        await pulse.RenameAsync("Terrace");
        await alice.SyncAsync();
        world.Relay.ShownCandidates = (caller, epoch, place, candidates) => caller != bob.Address ? candidates : lie == 0
            ? [new GroupCandidate(epoch - 1, 0, alice.Address, new byte[10])]
            : [.. candidates.Select(candidate => candidate with { Epoch = 0 })];
        E2EException error = await Assert.ThrowsAsync<E2EException>(bob.SyncAsync);
        Assert.Equal(E2EError.InvalidEncoding, error.Reason);
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
        await world.SettleAsync(2);
        Assert.Equal("Terrace", (await bob.RosterAsync(pulse.Id)).Name);
        Assert.Equal("Terrace", (await carol.RosterAsync(pulse.Id)).Name);
        world.AssertNothingIsLost();
    }

    /// <summary>Attack 53 in a group.</summary>
    [Fact]
    public async Task Poison_of_every_kind_is_named_and_what_is_behind_it_is_read()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        PulseChat second = await alice.Client.CreatePulseAsync("Second", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await alice.TellAsync(second.Id, "in the second");
        await world.SettleAsync(2);
        byte[] other = world.Relay.GroupMessages.Last().Message.Content.ToArray();
        await alice.TellAsync(second.Id, "changed on the way, too");
        await alice.SyncAsync();
        byte[] real = world.Relay.GroupMessages.Last().Message.Content.ToArray();
        real[^1] ^= 1;
        byte[] id = pulse.Id.ToArray();
        void Plant(MailboxItemKind kind, byte[] group, byte[] content) => world.Relay.Put(
            alice.Address, new OutgoingEnvelope(bob.Address, MessageId.Parse(new string('1', 32)).ToArray(), content), kind, group);
        foreach (byte[] content in new byte[][] { [], [1], new byte[5000], other })
        {
            Plant(MailboxItemKind.GroupMessage, id, content);
        }

        Plant(MailboxItemKind.GroupMessage, second.Id.ToArray(), real);
        Plant(MailboxItemKind.GroupMessage, [1, 2, 3], other);
        Plant(MailboxItemKind.GroupMessage, new byte[32], other);
        Plant(MailboxItemKind.Welcome, id, []);
        Plant(MailboxItemKind.Welcome, id, new byte[100]);
        Plant(MailboxItemKind.Welcome, [9], new byte[100]);
        Plant(MailboxItemKind.GroupCommit, id, [1, 2]);
        Plant(MailboxItemKind.GroupCommit, new byte[32], [1, 2]);
        await alice.TellAsync(pulse.Id, "behind it");
        await alice.TellAsync(second.Id, "and here");
        await world.SettleAsync(3);
        Assert.Equal(["behind it"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["in the second", "changed on the way, too", "and here"], bob.PulseTexts(second.Id));
        Assert.Equal(8, bob.Seen.OfType<PulseMessageUnreadable>().Count());
        Assert.Equal(2, bob.Seen.OfType<MessageUnreadable>().Count());
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseForkSuspected or PulseRejoined or PulseStalled);
    }

    /// <summary>Attack 27.</summary>
    [Fact]
    public async Task Whatever_the_relay_repeats_and_reorders_is_shown_once()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        world.Relay.OnPage = (_, items) => [.. items.Reverse()];
        for (int i = 0; i < 6; i++)
        {
            await alice.TellAsync(pulse.Id, $"{i}");
        }

        await alice.SyncAsync();
        await bob.SyncAsync();
        await world.ShowAllAsync(pulse.Id, bob);
        await world.ShowAllAsync(pulse.Id, bob);
        await bob.TakeEventsAsync();
        Assert.Equal(["0", "1", "2", "3", "4", "5"], bob.PulseTexts(pulse.Id).Order());
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task What_the_relay_loses_is_named_asked_for_and_comes_inside_the_session()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        HashSet<string> lost = [];
        world.Relay.OnPage = (caller, items) => caller != bob.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.GroupMessage || !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        await alice.TellAsync(pulse.Id, "two");
        await alice.TellAsync(pulse.Id, "three");
        await alice.SyncAsync();
        lost.UnionWith(world.Relay.GroupMessages.TakeLast(2).Select(told => Convert.ToHexString(told.Message.Id.Span)));
        await alice.TellAsync(pulse.Id, "four");
        await world.SettleAsync(2);
        Assert.Equal(["one", "four"], bob.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["one", "four", "three", "two"], bob.PulseTexts(pulse.Id));
        PulseMessagesMissing missing = Assert.Single(bob.Seen.OfType<PulseMessagesMissing>());
        Assert.Equal((alice.Address, 2UL, false), (missing.Sender, missing.Count, missing.IsLost));
        Assert.Equal(["one", "two", "three", "four"], carol.PulseTexts(pulse.Id));
    }

    /// <summary>Members need not be contacts, and of strangers nothing is repaired that does not open: a session that one side alone has would keep
    /// them from hearing each other for good.</summary>
    [Theory]
    [InlineData(false, CarolsKeys.There)]
    [InlineData(true, CarolsKeys.There)]
    [InlineData(false, CarolsKeys.NotThere)]
    [InlineData(true, CarolsKeys.NotThere)]
    [InlineData(false, CarolsKeys.Junk)]
    [InlineData(false, CarolsKeys.CutOff)]
    [InlineData(false, CarolsKeys.There, true)]
    public async Task A_member_that_is_asked_in_vain_in_a_session_that_it_has_no_more_is_asked_in_a_new_one(bool hasComeBack, CarolsKeys keys, bool hasMoreGaps = false)
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        await carol.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        await LoseOneAsync("two");
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["one", "after two", "two"], bob.PulseTexts(pulse.Id));

        // Of two sessions each has another, as after stores were put back to moments of which nobody knew.
        ClientCore bobs = (await bob.Client.OpenAsync(default)).Core;
        IReadOnlyList<OpenedRecord>[] before =
        [
            await bobs.Store.ScanAsync(RecordKey.Peers, default, default, 100),
            await bobs.Store.ScanAsync(RecordKey.Sessions, default, default, 100),
        ];
        await ForgetAsync(carol, bob);
        await ForgetAsync(bob, carol);
        await LoseOneAsync("between");
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Contains("between", bob.PulseTexts(pulse.Id));
        await ForgetAsync(bob, carol);
        await bobs.ChangeAsync(
            [Gates.User("carol")],
            work =>
            {
                before[0].ToList().ForEach(record => work.Put(RecordKey.Peers, record.Key.ToArray(), record.Value));
                before[1].ToList().ForEach(record => work.Put(RecordKey.Sessions, record.Key.ToArray(), record.Value));
                return Task.CompletedTask;
            },
            default);
        await LoseOneAsync("three");
        if (hasComeBack)
        {
            // As one that has come back, and hears her for the first time, it asks her for where she stood.
            await (await bob.Client.OpenAsync(default)).Core.ChangeAsync(
                [Gates.Pulse(pulse.Id)],
                async work => (await work.PulseAsync(pulse.Id))!.Record.AddToAsk(carol.Address),
                default);
        }

        world.Clock.Advance(TimeSpan.FromMinutes(2));
        bool hasKeys = keys == CarolsKeys.There;
        world.Relay.Before = (caller, call) => hasKeys || keys != CarolsKeys.CutOff || caller != bob.Address || call != "claim"
            ? Task.CompletedTask
            : throw new E2EException(E2EError.RelayUnavailable);
        world.Relay.ShownBundles = (_, user, claimed) => hasKeys || user != "carol"
            ? claimed
            : claimed with
            {
                Bundles = keys == CarolsKeys.Junk
                    ? claimed.Bundles.ToDictionary(bundle => bundle.Key, _ => new ReadOnlyMemory<byte>(new byte[100]))
                    : new Dictionary<string, ReadOnlyMemory<byte>>(),
            };
        int said = 0;
        for (int hour = 0; hour < (keys == CarolsKeys.There ? 9 : 20); hour++)
        {
            if (hour == 10 && keys is CarolsKeys.NotThere or CarolsKeys.Junk)
            {
                // In vain, in the session that was there.
                Assert.InRange(SaidToCarol(), said + 2, said + 4);
            }

            said = hour == 2 ? SaidToCarol() : said;
            hasKeys |= hour == 10;
            if (hasMoreGaps && hour % 2 == 0)
            {
                await LoseOneAsync($"{hour}");
            }

            await TrySyncAsync(bob);
            await carol.SyncAsync();
            await TrySyncAsync(bob);
            world.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Contains("three", bob.PulseTexts(pulse.Id));
        Assert.Empty((await (await bob.Client.OpenAsync(default)).Core.ChangeAsync([], async work => (await work.PulseAsync(pulse.Id))!.Record.ToAsk, default)));

        int SaidToCarol() => world.Relay.Delivered.Count(item => item.Sender == bob.Address && item.Envelope.Recipient == carol.Address);

        static async Task TrySyncAsync(Member member)
        {
            try
            {
                await member.SyncAsync();
            }
            catch (E2EException exception) when (exception.Reason == E2EError.RelayUnavailable)
            {
                await member.TakeEventsAsync();
            }
        }

        static async Task ForgetAsync(Member one, Member other) => await (await one.Client.OpenAsync(default)).Core.ChangeAsync(
            [Gates.User(other.UserId)],
            async work => work.DropSessions(other.Address, (await work.PeerAsync(other.Address)).Book.Clear()),
            default);

        async Task LoseOneAsync(string text)
        {
            await carol.TellAsync(pulse.Id, text);
            await carol.SyncAsync();
            IE2ERelay behindHisBack = world.Relay.Connect(bob.Address);
            MailboxPage all = await behindHisBack.ReceiveAsync(new MailboxRequest(1000, TimeSpan.Zero, 0, []));
            await behindHisBack.AcknowledgeAsync([.. all.Items.Select(item => item.Id)]);
            await carol.TellAsync(pulse.Id, $"after {text}");
            await world.SettleAsync(2);
        }
    }

    /// <summary>Messages that say to be of an epoch that never begins, a thousand at once.</summary>
    [Fact]
    public async Task However_many_messages_of_epochs_to_come_are_there_at_once_a_thousand_wait()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        byte[] later = world.Relay.GroupMessages.Single().Message.Content.ToArray();

        // RFC 9420, section 6.3: version, wire format, group id, and the epoch, of which this is the third byte from the end.
        later[2 + 2 + 1 + PulseId.Size + 5]++;
        for (int i = 0; i < 2; i++)
        {
            await bob.Client.PushAsync(
            [
                .. Enumerable.Range(0, 1000).Select(_ => new MailboxItem(
                    0, MailboxItemKind.GroupMessage, alice.Address, pulse.Id.ToArray(), Guid.NewGuid().ToByteArray(), world.Clock.GetUtcNow(), later)),
            ]);
        }

        Assert.Equal(1000, (await (await bob.Client.OpenAsync(default)).Core.Store.ScanKeysAsync(RecordKey.PulseWaiting, default, default, 3000)).Count);
        await alice.TellAsync(pulse.Id, "two");
        await world.SettleAsync(2);
        Assert.Equal(["one", "two"], bob.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task However_many_gaps_the_relay_makes_what_comes_through_is_read_and_the_rest_named()
    {
        const int Said = 800;
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "first");
        await world.SettleAsync(2);
        for (int i = 0; i < Said; i++)
        {
            await alice.TellAsync(pulse.Id, $"{i}");
        }

        await alice.SyncAsync();
        IE2ERelay behindHisBack = world.Relay.Connect(bob.Address);
        MailboxPage all = await behindHisBack.ReceiveAsync(new MailboxRequest(1000, TimeSpan.Zero, 0, []));
        await behindHisBack.AcknowledgeAsync([.. all.Items.Where((_, i) => i % 2 == 0).Select(item => item.Id)]);
        await bob.SyncAsync();
        Assert.Equal(1 + (Said / 2), bob.PulseTexts(pulse.Id).Count());
        Assert.True(Sum(isLost: false) > 0, "What is beyond the bound was not named at once.");
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await bob.SyncAsync();
        Assert.Equal(Said / 2UL, Sum(isLost: false));
        Assert.Equal((Said / 2UL) - IncomingStream.MaxRanges, Sum(isLost: true));
        ulong Sum(bool isLost) => bob.Seen.OfType<PulseMessagesMissing>().Where(told => told.IsLost == isLost).Aggregate(0UL, (sum, told) => sum + told.Count);
    }

    /// <summary>Attacks 24 and 54: nothing that was said before somebody came in is said again to him.</summary>
    [Fact]
    public async Task Whoever_came_later_is_refused_what_was_said_before_also_when_he_asks_for_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await alice.TellAsync(pulse.Id, "one");
        await alice.TellAsync(pulse.Id, "two");
        await pulse.AddAsync("dave");
        await alice.TellAsync(pulse.Id, "three");
        await world.SettleAsync(2);
        Assert.Equal(["three"], dave.PulseTexts(pulse.Id));

        Engine engine = await dave.Client.OpenAsync(default);
        MessageId stream = dave.Seen.OfType<PulseMessageReceived>().Single().Sealed.Stream.StreamId;
        var ask = new PulseSayRecord(
            alice.Address,
            (await alice.Client.OpenAsync(default)).Core.Identity.Certificate.AccountKey.ToArray(),
            pulse.Id,
            ContentType.ResendRequest,
            new ResendNames(stream, [new NumberRange(1, 2)], []).Encode());
        await engine.Core.ChangeAsync([], work =>
        {
            work.Put(RecordKey.PulseSays, ask.Key, ask.Encode());
            return Task.CompletedTask;
        }, default);
        await world.SettleAsync(5);
        Assert.Equal(["three"], dave.PulseTexts(pulse.Id));

        // A stranger is not even answered.
        Member eve = await world.SignUpAsync("eve");
        await world.SettleAsync(1);
        engine = await eve.Client.OpenAsync(default);
        await engine.Core.ChangeAsync([], work =>
        {
            work.Put(RecordKey.PulseSays, ask.Key, ask.Encode());
            return Task.CompletedTask;
        }, default);
        int before = world.Relay.Delivered.Count(delivered => delivered.Envelope.Recipient == eve.Address);
        await world.SettleAsync(4);
        Assert.Empty(eve.PulseTexts(pulse.Id));
        Assert.Equal(before, world.Relay.Delivered.Count(delivered => delivered.Envelope.Recipient == eve.Address));
    }

    /// <summary>Attacks 20 and 21: key packages that are junk, somebody else's, or of a device that is on no list add nobody.</summary>
    [Fact]
    public async Task Key_packages_that_the_relay_exchanges_add_nobody()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        await world.SignUpAsync("dave");
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        ClaimedBundles evil = await world.Relay.Connect(alice.Address).ClaimKeyPackagesAsync("mallory");
        ReadOnlyMemory<byte> foreign = evil.Bundles["phone"];
        foreach (ReadOnlyMemory<byte> package in new ReadOnlyMemory<byte>[] { default, new byte[] { 1, 2 }, foreign })
        {
            world.Relay.ShownKeyPackages = (_, user, claimed) => user != "dave" ? claimed
                : claimed with { Bundles = new Dictionary<string, ReadOnlyMemory<byte>> { ["phone"] = package, ["tablet"] = foreign } };
            E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => pulse.AddAsync("dave"));
            Assert.Equal(E2EError.UnknownDevice, refusal.Reason);
        }

        world.Relay.ShownKeyPackages = (_, _, claimed) => claimed;
        await world.SettleAsync(2);
        Assert.Equal(["alice", "bob", "carol"], (await pulse.GetRosterAsync()).Members.Select(member => member.UserId));
        Assert.Empty(await mallory.Client.GetPulsesAsync());
    }

    [Fact]
    public async Task A_snapshot_that_is_kept_back_or_exchanged_delays_a_newcomer_who_loses_nothing()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await alice.TellAsync(pulse.Id, "welcome");
        world.Relay.ShownTree = (_, _) => null;
        await world.SettleAsync(2);
        Assert.Empty(bob.Seen);
        world.Relay.ShownTree = (_, tree) => [.. tree!, 0];
        await world.SettleAsync(2);
        Assert.Empty(bob.Seen);
        world.Relay.ShownTree = (_, tree) => tree;
        await alice.TellAsync(pulse.Id, "again");
        await world.SettleAsync(3);
        Assert.Equal(["welcome", "again"], bob.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_device_that_cannot_come_back_says_so_once_and_comes_when_it_can()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        InMemoryStore copy = bob.Store.Copy();
        await bob.TellAsync(pulse.Id, "two");
        await world.SettleAsync(2);
        await bob.RestoreAsync(copy);
        byte[]?[] lies = [null, [], new byte[200]];
        foreach (byte[]? lie in lies)
        {
            world.Relay.ShownInfo = (caller, info) => caller == bob.Address ? lie : info;
            world.Clock.Advance(TimeSpan.FromHours(2));
            await world.SettleAsync(2);
        }

        Assert.Single(bob.Seen.OfType<PulseStalled>());
        await bob.TellAsync(pulse.Id, "three");
        world.Relay.ShownInfo = (_, info) => info;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(4);

        // By itself, by the word of a member that it has missed nothing, or behind a member whom it could follow: whichever comes first.
        Assert.InRange(bob.Seen.OfType<PulseRejoined>().Count(), 0, 1);
        Assert.Equal(["one", "two", "three"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>A user whom the app has blocked adds nobody to anything and is not heard.</summary>
    [Fact]
    public async Task Whoever_is_blocked_invites_to_nothing_and_is_not_heard_in_a_chat_of_others()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await carol.Client.BlockAsync("bob");
        await bob.TellAsync(pulse.Id, "carol?");
        await bob.Client.CreatePulseAsync("Trap", ["carol"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(3);
        Assert.Empty(carol.PulseTexts(pulse.Id));
        Assert.Equal(pulse.Id, Assert.Single(await carol.Client.GetPulsesAsync()).Id);
        Assert.Equal(["carol?"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>What the relay has of a member's keys at first.</summary>
    public enum CarolsKeys
    {
        There,
        NotThere,
        Junk,

        /// <summary>The relay cannot be reached when it is asked for them.</summary>
        CutOff,
    }
}
