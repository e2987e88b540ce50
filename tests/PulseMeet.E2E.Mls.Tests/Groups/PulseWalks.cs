using FsCheck.Xunit;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Any sequence of joins, leaves, removals, role changes, concurrent commits, losses, restores from stored state and device
/// changes. eng/group-simulation.sh goes on for longer.</summary>
public sealed class PulseWalks
{
    [Property(MaxTest = 12, EndSize = 24)]
    public void All_who_are_in_agree_and_read_each_other_and_nobody_else_reads_anything(uint[] steps)
    {
        var walk = new ChatWalk(MlsSuite.X25519Aes128);
        foreach (uint step in steps)
        {
            walk.Step(step);
        }
    }

    [Fact]
    public void A_walk_reaches_everything_that_it_is_there_for()
    {
        ChatWalk walk = Seeded(1, 90);
        foreach (string reached in new[]
        {
            "joined", "removed", "left", "devices lost", "rejoined", "lost and rebased", "not allowed", "stolen", "healed",
        })
        {
            Assert.True(walk.Counts.GetValueOrDefault(reached) > 0, reached);
        }
    }

    [Fact]
    public void The_seeds_of_a_campaign_hold()
    {
        // eng/group-simulation.sh sets how many, and where they begin.
        int seeds = int.Parse(Environment.GetEnvironmentVariable("PULSEMEET_GROUP_SEEDS") ?? "2", System.Globalization.CultureInfo.InvariantCulture);
        int first = int.Parse(Environment.GetEnvironmentVariable("PULSEMEET_GROUP_FIRST_SEED") ?? "100", System.Globalization.CultureInfo.InvariantCulture);
        for (int seed = first; seed < first + seeds; seed++)
        {
            try
            {
                Seeded(seed, 60);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }
        }
    }

    private static ChatWalk Seeded(int seed, int steps)
    {
        var random = new Random(seed);
        var walk = new ChatWalk(MlsSuite.X25519Aes128);
        for (int i = 0; i < steps; i++)
        {
            walk.Step((uint)random.NextInt64(uint.MaxValue));
        }

        return walk;
    }
}
