using PulseMeet.E2E.Client.Tests.Killing;

namespace PulseMeet.E2E.Client.Tests;

/// <summary>Attack 51 with real processes over SQLite files and HTTP; eng/crash-campaign.sh kills as often as one likes.</summary>
public sealed class KilledProcesses
{
    [Fact]
    public async Task Attack_51_devices_and_relays_that_are_killed_in_the_middle_of_it_lose_nothing_repeat_nothing_and_use_no_key_twice()
    {
        await using Campaign campaign = await Campaign.StartAsync(new(Environment.ProcessId));
        Outcome outcome = await campaign.RunAsync(times: 6);
        Assert.True(outcome.IsWhole, outcome.ToString());
    }
}
