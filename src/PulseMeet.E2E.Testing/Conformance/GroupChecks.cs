using System.Security.Cryptography;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Groups": offers, their order, and what goes with them.</summary>
internal static class GroupChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("An offer brings the commit to the others, Welcomes to the new, the group info and the tree in one step.", OneStepAsync),
        new("An offer that is repeated has the same place and brings nothing again.", RepeatedAsync),
        new("Offers at once get the places from 0 without gaps, and everybody sees one order.", OrderAsync),
        new("Candidates are given by epoch and place, from any place on, and only to members.", PagesAsync),
        new("Candidates longer than a page together are all reached.", LongPagesAsync),
        new("An empty commit creates a group of one and is no candidate; elsewhere it is refused.", EmptyAsync),
        new("The epoch is at most one above the greatest that was offered.", EpochAsync),
        new("Epochs up to the last one, of 64 bits, compare without a sign.", UnsignedAsync),
        new("One device offers at most four candidates for an epoch, and locks nobody out with them.", BoundAsync),
        new("What one user has offered in all groups is bounded, locks nobody else out, and makes room again.", OfferedAsync),
        new("An offer over a bound is refused whole.", TooLongAsync),
        new("The group info that came last is given to members' users alone; a false one stays until the next offer.", InfoAsync),
        new("Candidates and trees go with their age, but for the greatest epoch's.", AgeAsync),
    ];

    private static async Task OneStepAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, RelayTestDevice carol) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        byte[] tree = [5, 5, 5];
        byte[] id = RelayWorld.NewId();
        Expect.Equal(0, await group.OfferAsync(bob, 1, [1], id, [carol], groupInfo: [4], tree: tree).ConfigureAwait(false), "The place");
        MailboxItem commit = (await alice.DrainAsync().ConfigureAwait(false)).Single();
        Expect.Equal(MailboxItemKind.GroupCommit, commit.Kind, "The kind");
        Expect.Equal(bob.Address, commit.Sender, "The sender");
        Expect.Same(group.Id, commit.GroupId, "The group's id");
        Expect.Same(id, commit.EnvelopeId, "The commit's id");
        Expect.Same(new byte[] { 1 }, commit.Content, "The commit");
        Expect.Equal("|7", await RelayTestGroup.GotAsync(bob, carol).ConfigureAwait(false), "What the others got");
        Expect.Same(new byte[] { 4 }, await carol.Relay.GetGroupInfoAsync(group.Id, cancellationToken).ConfigureAwait(false), "The group info");
        Expect.Same(tree, await carol.Relay.GetTreeAsync(SHA256.HashData(tree), cancellationToken).ConfigureAwait(false), "The tree");
        Expect.That(await carol.Relay.GetTreeAsync(new byte[32], cancellationToken).ConfigureAwait(false) is null, "A tree under another hash.");
    }

    private static async Task RepeatedAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, RelayTestDevice carol) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        byte[] id = RelayWorld.NewId();
        Expect.Equal(0, await group.OfferAsync(alice, 1, [1], id, [carol]).ConfigureAwait(false), "The first");
        Expect.Equal(1, await group.OfferAsync(bob, 1, [2]).ConfigureAwait(false), "Another's");
        Expect.Equal(0, await group.OfferAsync(alice, 1, [3], id, [carol]).ConfigureAwait(false), "The first again");
        Expect.Equal("2|1|72", await RelayTestGroup.GotAsync(alice, bob, carol).ConfigureAwait(false), "What all got");
        Expect.Order([1, 2], (await group.CandidatesAsync(alice, 1).ConfigureAwait(false)).Select(candidate => (int)candidate.Commit.Span[0]), "The candidates");
        Expect.Equal(2, await group.OfferAsync(bob, 1, [4], id).ConfigureAwait(false), "Another sender's same id");
    }

    private static async Task OrderAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        const int Members = 8;
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice[] members = await Task.WhenAll(
            Enumerable.Range(0, Members).Select(index => world.DeviceAsync($"member{index}"))).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(members[0], members[1..]).ConfigureAwait(false);
        int[] places = await RelayWorld.AtOnceAsync(Members * 2, index => group.OfferAsync(members[index / 2], 1, [(byte)index])).ConfigureAwait(false);
        Expect.Order(Enumerable.Range(0, Members * 2), places.Order(), "The places");
        foreach (RelayTestDevice member in members)
        {
            IReadOnlyList<GroupCandidate> candidates = await group.CandidatesAsync(member, 1).ConfigureAwait(false);
            Expect.Order(Enumerable.Range(0, Members * 2), candidates.Select(candidate => candidate.Place), "The order");
            Expect.That(candidates.All(candidate => places[candidate.Commit.Span[0]] == candidate.Place), "A place is another candidate's.");
            Expect.Equal(
                (Members * 2) - 2, (await member.DrainAsync().ConfigureAwait(false)).Select(item => item.Content.Span[0]).Distinct().Count(), "Commits in a mailbox");
        }
    }

    private static async Task PagesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, RelayTestDevice carol) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        foreach ((ulong epoch, byte commit) in ((ulong, byte)[])[(1, 1), (2, 3), (1, 2), (2, 4), (3, 5)])
        {
            await group.OfferAsync(commit % 2 == 0 ? bob : alice, epoch, [commit]).ConfigureAwait(false);
        }

        await ExpectAsync("0:0 1:0 1:1 2:0 2:1 3:0", 0, 0, 1000).ConfigureAwait(false);
        await ExpectAsync("1:1 2:0", 1, 1, 2).ConfigureAwait(false);
        await ExpectAsync("2:1 3:0", 2, 1, 1000).ConfigureAwait(false);
        await ExpectAsync(string.Empty, 4, 0, 1000).ConfigureAwait(false);
        GroupCandidate first = (await group.CandidatesAsync(bob, 1, 0, 1).ConfigureAwait(false)).Single();
        Expect.Equal(alice.Address, first.Sender, "The sender");
        Expect.Equal(0, (await group.CandidatesAsync(carol).ConfigureAwait(false)).Count, "Candidates for a stranger");
        Expect.Equal(0, (await new RelayTestGroup(world).CandidatesAsync(alice).ConfigureAwait(false)).Count, "Candidates of no group");

        async Task ExpectAsync(string expected, ulong epoch, int place, int max) => Expect.Equal(
            expected,
            string.Join(' ', (await group.CandidatesAsync(bob, epoch, place, max).ConfigureAwait(false)).Select(candidate => $"{candidate.Epoch}:{candidate.Place}")),
            $"From {epoch}:{place}");
    }

    private static async Task LongPagesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser mallory = await world.UserAsync("mallory", "a", "b", "c", "d", "e").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        RelayTestDevice[] devices = [.. "abcde".Select(id => mallory[id.ToString()])];
        await group.CreateAsync(alice, devices).ConfigureAwait(false);
        for (int i = 0; i < devices.Length * RelayLimits.MaxCandidatesPerSender; i++)
        {
            byte[] junk = new byte[RelayLimits.MaxEnvelopeSize];
            await group.OfferAsync(devices[i % devices.Length], 1, junk).ConfigureAwait(false);
        }

        int honest = await group.OfferAsync(alice, 1, [9]).ConfigureAwait(false);
        int next = 0;
        while (next <= honest)
        {
            IReadOnlyList<GroupCandidate> page = await group.CandidatesAsync(devices[0], 1, next).ConfigureAwait(false);
            Expect.That(page.Count > 0 && page.Sum(candidate => candidate.Commit.Length) <= RelayLimits.MaxRequestSize, "A page is empty or too long.");
            Expect.Order(Enumerable.Range(next, page.Count), page.Select(candidate => candidate.Place), "The places");
            next += page.Count;
        }
    }

    private static async Task EmptyAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, _) = await ThreeAsync(world).ConfigureAwait(false);
        var refused = new RelayTestGroup(world);
        await Expect.RefusedAsync(E2EError.InvalidEncoding, () => refused.OfferAsync(alice, 0, [], welcomes: [bob]), "With a Welcome").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => refused.SendAsync(alice, 0, [1]), "A message to what was refused").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        Expect.Equal(0, await group.OfferAsync(alice, 0, [], groupInfo: [4]).ConfigureAwait(false), "The place");
        Expect.Equal(0, (await group.CandidatesAsync(alice).ConfigureAwait(false)).Count, "Candidates");
        await Expect.RefusedAsync(E2EError.InvalidEncoding, () => group.OfferAsync(alice, 0, []), "A second time").ConfigureAwait(false);
        Expect.Equal(0, await group.OfferAsync(alice, 0, [1], welcomes: [bob]).ConfigureAwait(false), "The first commit's place");
        Expect.Equal("7", await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "What the new member got");
    }

    private static async Task EpochAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, _) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(alice, 2, [1]), "Two above").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(alice, ulong.MaxValue, [1]), "Far above").ConfigureAwait(false);
        await group.OfferAsync(alice, 1, [1]).ConfigureAwait(false);
        await group.OfferAsync(alice, 2, [2]).ConfigureAwait(false);
        Expect.Equal(1, await group.OfferAsync(bob, 0, [3]).ConfigureAwait(false), "An earlier epoch's place");
        await group.SendAsync(bob, 900, [4]).ConfigureAwait(false);
        Expect.Equal("34", await RelayTestGroup.GotAsync(alice).ConfigureAwait(false), "A message is taken in any epoch");
    }

    private static async Task UnsignedAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        const ulong Half = 1UL << 63;
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, _, _) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        foreach (ulong epoch in (ulong[])[Half - 1, Half, 5])
        {
            await group.OfferAsync(alice, epoch, [1]).ConfigureAwait(false);
        }

        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(alice, ulong.MaxValue, [1]), "Far above").ConfigureAwait(false);
        Expect.Order<ulong>(
            [5, Half - 1, Half], (await group.CandidatesAsync(alice).ConfigureAwait(false)).Select(candidate => candidate.Epoch), "The epochs");
        var last = new RelayTestGroup(world);
        await last.OfferAsync(alice, ulong.MaxValue, [1]).ConfigureAwait(false);
        await last.OfferAsync(alice, ulong.MaxValue, [1]).ConfigureAwait(false);
        Expect.Order(
            [0, 1], (await last.CandidatesAsync(alice, ulong.MaxValue).ConfigureAwait(false)).Select(candidate => candidate.Place), "The last epoch's places");
    }

    private static async Task BoundAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice mallory, _) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, mallory).ConfigureAwait(false);
        for (int i = 0; i < RelayLimits.MaxCandidatesPerSender; i++)
        {
            await group.OfferAsync(mallory, 1, [1]).ConfigureAwait(false);
        }

        await Expect.RefusedAsync(E2EError.LimitExceeded, () => group.OfferAsync(mallory, 1, [1]), "A fifth").ConfigureAwait(false);
        Expect.Equal(RelayLimits.MaxCandidatesPerSender, await group.OfferAsync(alice, 1, [2]).ConfigureAwait(false), "Another's place");
    }

    private static async Task OfferedAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser mallory = await world.UserAsync("mallory", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        byte[] tree = new byte[RelayLimits.MaxRequestSize - 3];
        int most = (int)(RelayLimits.MaxOfferBytes / (2 * (tree.Length + 1)));
        RelayTestGroup[] groups = [.. Enumerable.Range(0, most).Select(_ => new RelayTestGroup(world))];
        foreach (RelayTestGroup group in groups)
        {
            await BigAsync(group, mallory["phone"]).ConfigureAwait(false);
        }

        foreach (string device in (string[])["phone", "laptop"])
        {
            await RefusedAsync(new RelayTestGroup(world), mallory[device]).ConfigureAwait(false);
        }

        await HalfAsync(new RelayTestGroup(world), alice).ConfigureAwait(false);

        // A later group info takes the place of the one before.
        await groups[0].OfferAsync(mallory["phone"], 1, [1], groupInfo: [1]).ConfigureAwait(false);
        await HalfAsync(groups[1], mallory["phone"], 1).ConfigureAwait(false);
        await RefusedAsync(new RelayTestGroup(world), mallory["phone"]).ConfigureAwait(false);

        // What two epochs that are over had goes with its age.
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge);
        await subject.Relay.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        await HalfAsync(new RelayTestGroup(world), mallory["phone"]).ConfigureAwait(false);
        await HalfAsync(new RelayTestGroup(world), mallory["laptop"]).ConfigureAwait(false);
        await RefusedAsync(new RelayTestGroup(world), mallory["phone"]).ConfigureAwait(false);

        Task<int> BigAsync(RelayTestGroup group, RelayTestDevice sender) => group.OfferAsync(sender, 0, [1], groupInfo: [1], tree: tree);

        Task<int> HalfAsync(RelayTestGroup group, RelayTestDevice sender, ulong epoch = 0) => group.OfferAsync(sender, epoch, [1], tree: tree);

        Task RefusedAsync(RelayTestGroup group, RelayTestDevice sender) =>
            Expect.RefusedAsync(E2EError.LimitExceeded, () => HalfAsync(group, sender), "One more");
    }

    private static async Task TooLongAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, _) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        byte[] tooLong = new byte[RelayLimits.MaxEnvelopeSize + 1];
        await Expect.RefusedAsync(E2EError.LimitExceeded, () => group.OfferAsync(alice, 1, tooLong), "A commit").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded, () => group.OfferAsync(alice, 1, [1], tree: new byte[RelayLimits.MaxRequestSize]), "A tree").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.LimitExceeded, () => group.SendAsync(alice, 1, tooLong), "A message").ConfigureAwait(false);
        Expect.Equal(string.Empty, await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "What the other got");
        Expect.Equal(0, await group.OfferAsync(alice, 1, [1], tree: new byte[RelayLimits.MaxRequestSize - 1]).ConfigureAwait(false), "The longest");
    }

    private static async Task InfoAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        (RelayTestDevice alice, RelayTestDevice mallory, RelayTestDevice stranger) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob["phone"], mallory).ConfigureAwait(false);
        await ExpectAsync(null).ConfigureAwait(false);
        await group.OfferAsync(alice, 1, [1], groupInfo: [1]).ConfigureAwait(false);
        await ExpectAsync(1).ConfigureAwait(false);
        await group.OfferAsync(mallory, 2, [2], groupInfo: [66]).ConfigureAwait(false);
        await group.OfferAsync(mallory, 3, [2], groupInfo: [66]).ConfigureAwait(false);
        await ExpectAsync(66).ConfigureAwait(false);
        await group.OfferAsync(alice, 2, [3], groupInfo: [2]).ConfigureAwait(false);
        await ExpectAsync(2).ConfigureAwait(false);
        await group.OfferAsync(alice, 3, [4]).ConfigureAwait(false);
        await ExpectAsync(2).ConfigureAwait(false);
        Expect.That(await stranger.Relay.GetGroupInfoAsync(group.Id, cancellationToken).ConfigureAwait(false) is null, "A stranger gets the group info.");

        async Task ExpectAsync(byte? info)
        {
            byte[]? seen = await bob["laptop"].Relay.GetGroupInfoAsync(group.Id, cancellationToken).ConfigureAwait(false);
            Expect.Equal(info, seen?[0], "The group info, for another device of a member's user");
        }
    }

    private static async Task AgeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        (RelayTestDevice alice, RelayTestDevice bob, _) = await ThreeAsync(world).ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        byte[][] trees = [RelayWorld.NewId(), RelayWorld.NewId()];
        await group.OfferAsync(alice, 1, [1], groupInfo: [1], tree: trees[0]).ConfigureAwait(false);
        await group.OfferAsync(alice, 2, [2], groupInfo: [2], tree: trees[1]).ConfigureAwait(false);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge - TimeSpan.FromSeconds(1));
        await subject.Relay.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        Expect.Equal(2, (await group.CandidatesAsync(bob, 1).ConfigureAwait(false)).Count, "Candidates just before");
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await subject.Relay.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        Expect.Order([2], (await group.CandidatesAsync(bob).ConfigureAwait(false)).Select(candidate => (int)candidate.Epoch), "The epochs left");
        Expect.That(await alice.Relay.GetTreeAsync(SHA256.HashData(trees[0]), cancellationToken).ConfigureAwait(false) is null, "The old tree is there.");
        Expect.Same(trees[1], await alice.Relay.GetTreeAsync(SHA256.HashData(trees[1]), cancellationToken).ConfigureAwait(false), "The newest tree");
        Expect.Same(new byte[] { 2 }, await alice.Relay.GetGroupInfoAsync(group.Id, cancellationToken).ConfigureAwait(false), "The group info");
    }

    private static async Task<(RelayTestDevice, RelayTestDevice, RelayTestDevice)> ThreeAsync(RelayWorld world) => (
        await world.DeviceAsync("one").ConfigureAwait(false),
        await world.DeviceAsync("two").ConfigureAwait(false),
        await world.DeviceAsync("three").ConfigureAwait(false));
}
