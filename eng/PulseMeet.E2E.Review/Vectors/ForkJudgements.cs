using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Two statements beside each other, and what a member makes of them. Carol made the commit that did not open, where one did not; or
/// nobody could tell whose it was.</summary>
internal static class ForkJudgements
{
    private const string Kind = "judgement";

    public static IEnumerable<JsonObject> All =>
    [
        Pair("the same line", [On("A", 7), On("A", 6)], [On("A", 7), On("A", 6)]),
        Pair("the same line, and the other is one epoch back", [On("A", 7), On("A", 6)], [On("A", 6), On("A", 5)]),
        Pair("the same line, and the other is one epoch further", [On("A", 7), On("A", 6)], [On("A", 8), On("A", 7)]),
        Pair("no epoch in common, and the other is further", [On("A", 7)], [On("A", 9)]),
        Pair("no epoch in common, and the other is not further", [On("A", 7)], [On("A", 5)]),
        Pair("two lines that part in epoch 6", [On("A", 7), On("A", 6), On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)]),
        Pair("two lines, and the other is further", [On("A", 6), On("A", 5)], [On("B", 8), On("B", 7), On("B", 6), On("A", 5)]),
        Pair("the same authenticator behind another commit is the same line", [On("A", 6)], [On("A", 6) with { Commit = Fixed("other commit") }]),
        Pair("two lines, and the other began with the commit that did not open", [On("A", 6), On("A", 5)], [On("B", 6), On("A", 5)], "B 6", "carol phone"),
        Pair("the same, by the word of the committer's account", [On("A", 6), On("A", 5)], [On("B", 6), On("A", 5)], "B 6", "carol phone", "carol tablet"),
        Pair("the same, where nobody could tell whose commit it was", [On("A", 6), On("A", 5)], [On("B", 6), On("A", 5)], "B 6", string.Empty),
        Pair("the other is further, by the commit that did not open", [On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)], "B 6", "carol phone"),
        Pair("the other is further, by another commit than the one that did not open", [On("A", 5)], [On("A", 6), On("A", 5)], "B 6", "carol phone"),
        Pair("the other is further, by the commit that did not open, by the word of the committer's account", [On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)], "B 6", "carol phone", "carol tablet"),
        Pair("the other is further, by the commit that did not open, and nobody could tell whose it was", [On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)], "B 6", string.Empty),
        Pair("no epoch in common, and the next began with the commit that did not open", [On("A", 5)], [On("B", 7), On("B", 6)], "B 6", "carol phone"),
        Pair("the other is further, and the commit that did not open began a later epoch than the next", [On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)], "B 7", "carol phone"),
        Pair("two lines, and the commit that did not open began a later epoch than the one in which they part", [On("A", 7), On("A", 6), On("A", 5)], [On("B", 7), On("B", 6), On("A", 5)], "B 7", "carol phone"),
        Pair("two lines, and the other is back", [On("A", 7), On("A", 6), On("A", 5)], [On("B", 6), On("A", 5)]),
        Pair("epochs between that only one of them names", [On("A", 7), On("A", 4)], [On("B", 6), On("A", 4)]),
    ];

    public static JsonObject? Compute(JsonObject vector)
    {
        if (Text(vector, "kind") != Kind)
        {
            return null;
        }

        string committer = Text(vector, "unopened_committer");
        UnreadableCommit[] unopened = Text(vector, "unopened").Length == 0 ? []
            : [new UnreadableCommit(0, Bytes(vector, "unopened"), committer.Length == 0 ? null : Address(committer))];
        var finding = ForkFinding.Between(
            ForkStatement.Decode(Bytes(vector, "own")).Marks,
            unopened,
            ForkStatement.Decode(Bytes(vector, "said")),
            Address(Text(vector, "speaker")));
        return new JsonObject
        {
            ["judgement"] = finding.Judgement.ToString().ToLowerInvariant(),
            ["epoch"] = finding.Epoch,
            ["committer"] = finding.Committer is { } named ? $"{named.UserId} {named.DeviceId}" : string.Empty,
        };
    }

    private static JsonObject Pair(
        string why, EpochMark[] own, EpochMark[] said, string unopened = "", string committer = "", string speaker = "bob phone") => new()
        {
            ["kind"] = Kind,
            ["why"] = why,
            ["own"] = Hex(new ForkStatement(Fixed("group"), own).Encode()),
            ["unopened"] = unopened.Length == 0 ? string.Empty : Hex(Fixed($"commit {unopened}")),
            ["unopened_committer"] = committer,
            ["said"] = Hex(new ForkStatement(Fixed("group"), said).Encode()),
            ["speaker"] = speaker,
        };

    private static EpochMark On(string line, ulong epoch) => new(epoch, Fixed($"authenticator {line} {epoch}"), Fixed($"commit {line} {epoch}"));

    private static DeviceAddress Address(string text) => new(text.Split(' ')[0], text.Split(' ')[1]);
}
