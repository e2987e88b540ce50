using PulseMeet.E2E.Tests.Messaging.Simulation;
using Xunit.Abstractions;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Random walks of two to five people with up to three devices each around a hostile relay: <see cref="Walk"/>. In the end, once
/// the relay is honest for a while, every message to a device that was on the list was handed over there exactly once, or is named as
/// lost; nobody else has opened anything, and no cipher key was used twice. eng/client-simulation.sh takes as many walks as one likes.</summary>
public sealed class ClientSimulation(ITestOutputHelper output)
{
    [Walks]
    public void Every_message_to_a_listed_device_is_handed_over_exactly_once_or_named_as_lost(Course course) =>
        RunAsync(course, WalkKind.Hostile).GetAwaiter().GetResult();

    [Walks]
    public void Where_stores_are_put_back_too_every_message_is_handed_over_or_named_as_lost(Course course) =>
        RunAsync(course, WalkKind.PutBack).GetAwaiter().GetResult();

    [Walks]
    public void Around_an_honest_relay_nothing_is_missing_even_for_a_while_whoever_dies(Course course) =>
        RunAsync(course, WalkKind.Honest).GetAwaiter().GetResult();

    private async Task RunAsync(Course course, WalkKind kind)
    {
        await using var walk = new Walk(course.Seed, kind);
        try
        {
            await RunAsync(course, kind, walk);
        }
        catch (Exception failure)
        {
            walk.Diary.Keep(course, failure);
            throw;
        }
    }

    private async Task RunAsync(Course course, WalkKind kind, Walk walk)
    {
        Step[] steps = course.StepsOf(kind);
        await walk.BeginAsync();
        foreach (Step step in steps)
        {
            await walk.TakeAsync(step);
        }

        await walk.HealAsync();
        var verdict = new Verdict(walk, $"{course}, that is: {string.Join(", ", steps)}");
        if (kind == WalkKind.Honest)
        {
            verdict.AssertNothingWasMissing();
        }

        await walk.ShowEverythingToEverybodyAsync();
        foreach (Member member in walk.Devices)
        {
            await verdict.AssertAsync(member);
        }

        verdict.AssertNoKeyTwice();
        output.WriteLine($"seed {course.Seed}, {steps.Length} steps: {verdict}");
    }
}
