using FsCheck.Xunit;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Any sequence of joins, removals, updates, external joins, pre-shared keys, restarts and messages out of order.</summary>
public sealed class GroupWalks
{
    [Property(MaxTest = 40, EndSize = 40)]
    public void All_who_are_in_agree_and_read_each_other_and_nobody_else_reads_anything(uint[] steps)
    {
        var walk = new GroupWalk();
        walk.Step(2 * 9);
        foreach (uint step in steps)
        {
            walk.Step(step);
        }
    }

    [Fact]
    public void A_walk_reaches_twenty_members_and_back()
    {
        var walk = new GroupWalk();
        for (uint i = 0; walk.Count < 20; i++)
        {
            walk.Step((i * 27) + 18);
        }

        for (uint i = 0; i < 30; i++)
        {
            walk.Step((i * 1013) % 4096);
        }

        for (uint i = 0; walk.Count > 2; i++)
        {
            walk.Step((i * 9 * 71) + 2);
        }
    }
}
