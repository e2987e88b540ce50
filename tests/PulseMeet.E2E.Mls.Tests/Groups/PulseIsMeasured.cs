using System.Diagnostics;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Tests.Diagnostics;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Measurements of other tests would be counted too.</summary>
[CollectionDefinition(nameof(PulseIsMeasured), DisableParallelization = true)]
public sealed class MeasuredAlone;

/// <summary>Commits, what is passed over, and what has to be made anew are on the meter, and say nothing of whom.</summary>
[Collection(nameof(PulseIsMeasured))]
public sealed class PulseIsMeasured
{
    private const string Commits = "pulsemeet.e2e.group.commits";
    private const string Rebases = "pulsemeet.e2e.group.rebases";

    [Fact]
    public void Commits_are_counted_by_whom_and_those_that_lose_are_rebases()
    {
        (Account alice, Account bob, Account carol) = Rooftop(GroupRights.Default with { Rename = GroupRole.Member });
        Phone[] all = Present(alice, bob, carol);
        using var emitted = new EmittedTelemetry();
        PreparedCommit first = alice["phone"].Chat.Prepare(new RenameIntent("Roof"))!;
        PreparedCommit second = bob["phone"].Chat.Prepare(new RenameIntent("Terrace"))!;
        Assert.Equal(2, emitted.Activities.Count(activity => activity.DisplayName == "commit"));
        byte[][] candidates = [new byte[40], first.Commit, second.Commit];
        Assert.All(all, phone => Assert.Equal(1, phone.Take(candidates).Taken));
        Assert.Equal(1, By("this_device"));
        Assert.Equal(all.Length - 1, By("other_device"));
        Assert.Equal(1, emitted.Sum(Rebases));
        Assert.Equal(all.Length, emitted.Measurements
            .Where(one => one.Instrument == Commits && one.Tags.Single().Key == "error.type").Sum(one => one.Value));

        Assert.NotNull(bob["phone"].Chat.Rebase());
        Assert.Equal(3, emitted.Activities.Count(activity => activity.DisplayName == "commit" && activity.Status == ActivityStatusCode.Unset));
        string tags = string.Join(' ', emitted.Measurements.SelectMany(one => one.Tags).Concat(emitted.Activities.SelectMany(one => one.TagObjects)));
        Assert.All(new[] { "alice", "bob", "carol", "phone", "Roof", "Terrace" }, name => Assert.DoesNotContain(name, tags, StringComparison.Ordinal));

        double By(string who) => emitted.Measurements
            .Where(one => one.Instrument == Commits && Equals(one.Tags.Single().Value, who)).Sum(one => one.Value);
    }

    [Fact]
    public void A_commit_that_is_refused_is_an_activity_with_its_reason()
    {
        (Account alice, Account bob, _) = Rooftop();
        using var emitted = new EmittedTelemetry();
        Assert.Throws<E2EException>(() => bob["phone"].Chat.Prepare(new RoleIntent("alice", GroupRole.Member)));
        Activity refused = Assert.Single(emitted.Activities, activity => activity.DisplayName == "commit");
        Assert.Equal(ActivityStatusCode.Error, refused.Status);
        Assert.Equal(nameof(E2EError.GroupNotAllowed), Assert.Single(refused.TagObjects).Value);
        Assert.NotNull(alice);
    }
}
