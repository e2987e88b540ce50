using PulseMeet.E2E.Client.Tests.Killing;

namespace PulseMeet.E2E.Client.Tests;

/// <summary>Attack 51 without power, with real processes over SQLite files and HTTP: the files are as of the last sync, of later changes some
/// are there or none, torn ones among them. eng/power-campaign.sh cuts as often as one likes. On Linux.</summary>
public sealed class LostPower
{
    [Fact]
    public async Task Attack_51_devices_and_relays_without_power_lose_nothing_repeat_nothing_and_forget_nothing_that_they_answered_for()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using Campaign campaign = await Campaign.StartAsync(new(Environment.ProcessId) { IsOfPower = true });
        Outcome outcome = await campaign.RunAsync(times: 6);
        Assert.True(outcome.IsWhole, outcome.ToString());
        Assert.True(outcome.Dropped > 0, outcome.ToString());

        // Whatever changes a file comes by the log that says what was synced: else nothing were shown.
        Assert.Empty(await campaign.CloseAsync());
    }

    [Fact]
    public async Task A_relay_that_answers_before_its_disk_has_synced_is_noticed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using Campaign campaign = await Campaign.StartAsync(new(1) { IsOfPower = true, RelaysDiskLies = true });
        Assert.True((await campaign.RunAsync(times: 8)).Forgotten > 0);
    }

    [Fact]
    public async Task Stores_that_do_not_sync_are_noticed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using Campaign campaign = await Campaign.StartAsync(new(1) { IsOfPower = true, Durability = SqliteDurability.Relaxed });
        Assert.NotEmpty((await campaign.RunAsync(times: 8)).Strange);
    }
}
