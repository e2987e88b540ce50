using Xunit.Abstractions;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>Random walks of pulse chats: <see cref="PulseWalk"/>. In the end, once the relay is honest for a while, everybody who is in the chat is on
/// one line (or, beside a store that was put back and a relay that denies it, is told of the fork); a device has opened what was sealed for an epoch in which it was, once, and nothing else, also when it is shown everything; and what
/// was sealed for those who stayed they have all opened. eng/client-simulation.sh takes as many walks as one likes.</summary>
public sealed class PulseSimulation(ITestOutputHelper output)
{
    [PulseWalks]
    public void Everybody_in_a_chat_opens_what_they_should_and_nobody_anything_else(PulseCourse course) =>
        RunAsync(course, inFiles: false).GetAwaiter().GetResult();

    [PulseWalks]
    public void So_it_is_where_the_records_are_SQLite_files(PulseCourse course) =>
        RunAsync(course, inFiles: true).GetAwaiter().GetResult();

    [Theory]
    [InlineData(1487878970, new uint[] { 3469997, 216917573, 456780534, 1269028247, 1449159082, 241221178, 1039404138 })]
    [InlineData(1150301329, new uint[] { 1452896915, 57329576, 457321283, 1200379967, 967020533 })]
    [InlineData(1026223380, new uint[] { 968013299, 1393954944, 150822634, 1470229943, 1195824025, 1221426253, 1374410631, 637863929 })]
    [InlineData(1371563694, new uint[] { 1144269239, 90456431, 328186000, 968595409, 877821013, 1782030765, 2142634496, 666013776, 567413866, 1197500764, 822385614, 1379532817 })]
    [InlineData(1125395899, new uint[] { 689643647, 505688572, 1174340486, 610649436, 255961717, 1832294863 })]
    [InlineData(1940179327, new uint[] { 1814872650, 1197467507, 2021131710, 1126571575, 293176847, 766772710, 454663328, 1029969515, 993300510, 1095318461, 1916457719 })]
    public Task Walks_that_went_wrong_once_go_well(uint seed, uint[] steps) => RunAsync(new PulseCourse(seed, steps), inFiles: false);

    private async Task RunAsync(PulseCourse course, bool inFiles)
    {
        await using var walk = new PulseWalk(course.Seed, inFiles);
        await walk.BeginAsync();
        foreach (PulseStep step in course.Walk)
        {
            await walk.TakeAsync(step);
        }

        await walk.HealAsync();
        await walk.ShowEverythingToEverybodyAsync();
        var verdict = new PulseVerdict(walk, course.ToString());
        await verdict.AssertOneLineAsync();
        verdict.AssertNobodyElseOpens();
        verdict.AssertEverybodyOpens();
        output.WriteLine($"seed {course.Seed}, {course.Steps.Count} steps: {verdict}; {walk.Waits} waits");
    }
}
