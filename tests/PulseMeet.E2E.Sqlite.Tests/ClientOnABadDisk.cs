using PulseMeet.E2E.Sqlite.Tests.Disk;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Attacks 42, 51 and 56 through the client: whatever the disk does, a message comes once, the app is told why a call failed, and
/// nothing is overwritten.</summary>
public sealed class ClientOnABadDisk
{
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public async Task A_disk_that_is_full_at_any_step_costs_no_message_and_the_client_goes_on_once_there_is_room(int length)
    {
        int failed = 0;
        bool happened = true;
        for (int step = 0; happened; step++)
        {
            await using TwoPeople people = await TwoPeople.MeetAsync();
            people.Disk.Refuse(step, length, WatchedDisk.Full);
            failed += await people.ActAsync() ? 0 : 1;
            happened = people.Disk.HasRefused;
            people.Disk.Refuse(0, 0, WatchedDisk.Full);

            await people.GoOnAsync();
            people.AssertWhole($"full from step {step} on, {length} times");
        }

        Assert.InRange(failed, 5, 500);
    }

    [Fact]
    public async Task After_a_loss_of_power_behind_any_step_a_message_that_was_written_comes_once()
    {
        var random = new Random(1);
        bool happened = true;
        int lost = 0;
        for (int step = 0; happened; step++)
        {
            await using TwoPeople people = await TwoPeople.MeetAsync();
            people.Disk.Refuse(step, int.MaxValue, WatchedDisk.Full);
            await people.ActAsync();
            happened = people.Disk.HasRefused;
            lost += happened ? 1 : 0;
            int mode = step % 3;
            await people.LosePowerAsync(_ => mode == 1 || (mode == 2 && random.Next(2) == 0));

            await people.GoOnAsync();
            people.AssertWhole($"without power from step {step} on, mode {mode}");
        }

        Assert.InRange(lost, 10, 500);
    }

    /// <summary>A relaxed store is an older whole one then, as one that was put back: <see cref="SqliteDurability.Relaxed"/>.</summary>
    [Fact]
    public async Task With_relaxed_durability_nothing_comes_twice_after_a_loss_of_power_and_the_conversation_goes_on()
    {
        bool happened = true;
        for (int step = 0; happened; step += 2)
        {
            await using TwoPeople people = await TwoPeople.MeetAsync(SqliteDurability.Relaxed);
            people.Disk.Refuse(step, int.MaxValue, WatchedDisk.Full);
            await people.ActAsync();
            happened = people.Disk.HasRefused;
            await people.LosePowerAsync(_ => false);
            try
            {
                await people.GoOnAsync();
            }
            catch (InvalidOperationException)
            {
                // Nothing was synced yet: the device has never had an account, and says so.
                continue;
            }

            // What was sealed before the relay could say that the store is an older one is asked for again.
            await people.PassUntilAsync(() => TwoPeople.Texts(people.Bobs).Contains("a-last") && TwoPeople.Texts(people.Alices).Contains("b-last"));
            string[] arrived = [.. TwoPeople.Texts(people.Bobs)];
            Assert.True(arrived.Distinct().Count() == arrived.Length && arrived.Contains("a-last"), $"step {step}: {string.Join(' ', arrived)}");
            Assert.Contains("b-last", TwoPeople.Texts(people.Alices));
        }
    }

    [Fact]
    public async Task A_file_that_was_cut_short_is_refused_and_left_as_it_is_and_goes_on_once_it_is_whole_again()
    {
        await using TwoPeople people = await TwoPeople.MeetAsync();
        await people.CloseAsync();
        byte[] whole = await File.ReadAllBytesAsync(people.Database);
        foreach (int length in (int[])[0, 50, 4096, whole.Length / 2, whole.Length - 4096, whole.Length - 1])
        {
            await File.WriteAllBytesAsync(people.Database, whole[..length]);
            people.Reopen();
            Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => people.SayAsync("into a damaged file")));
            Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => people.Alice.SynchronizeAsync()));
            Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(async () =>
            {
                await foreach (E2EEvent _ in people.Alice.ReadWaitingEventsAsync())
                {
                }
            }));
            await people.CloseAsync();
            Assert.Equal(whole[..length], await File.ReadAllBytesAsync(people.Database));
        }

        await File.WriteAllBytesAsync(people.Database, whole);
        people.Reopen();
        Assert.True(await people.ActAsync());
        await people.GoOnAsync();
        people.AssertWhole("whole again");
    }
}
