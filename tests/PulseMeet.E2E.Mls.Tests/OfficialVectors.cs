using PulseMeet.E2E.Review.Mls;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Entries of mlswg/mls-implementations' vectors, through the same checks as eng/mls-vectors.sh.</summary>
public sealed class OfficialVectors
{
    [Theory]
    [InlineData("crypto-basics", 1)]
    [InlineData("deserialization", 14)]
    [InlineData("key-schedule", 1)]
    [InlineData("message-protection", 1)]
    [InlineData("messages", 1)]
    [InlineData("passive-client-handling-commit", 2)]
    [InlineData("passive-client-welcome", 3)]
    [InlineData("psk_secret", 3)]
    [InlineData("secret-tree", 1)]
    [InlineData("transcript-hashes", 1)]
    [InlineData("tree-math", 4)]
    [InlineData("tree-operations", 2)]
    [InlineData("tree-validation", 2)]
    [InlineData("treekem", 1)]
    [InlineData("welcome", 1)]
    public void Every_entry_of_a_kind_holds(string kind, int entries)
    {
        var tally = RunMlsVectors.RunFile(Path.Combine(AppContext.BaseDirectory, "Fixtures", kind + ".json"));
        Assert.Equal((entries, 0, 0), (tally.Passed, tally.Failed, tally.Skipped));
    }
}
