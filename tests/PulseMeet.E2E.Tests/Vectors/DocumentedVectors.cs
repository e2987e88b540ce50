using System.Text.Json.Nodes;
using PulseMeet.E2E.Review.Vectors;

namespace PulseMeet.E2E.Tests.Vectors;

/// <summary>The vectors in docs/vectors are what the library computes, and a changed value is noticed.</summary>
public sealed class DocumentedVectors
{
    private const string Folder = "vectors";

    public static TheoryData<string> Files => [.. WriteVectors.Topics.Select(topic => topic.FileName)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_documented_value_is_computed_again_from_the_inputs(string fileName)
    {
        string json = File.ReadAllText(Path.Combine(Folder, fileName));
        Assert.Equal(0, WriteVectors.Check(Topic(fileName), json).Failed);
        Assert.NotEqual(0, WriteVectors.Check(Topic(fileName), json).Passed);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Any_changed_value_is_noticed(string fileName)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, fileName)))!;
        JsonObject vector = file[Topic(fileName).ArrayName]![0]!.AsObject();
        foreach ((string name, JsonNode? value) in vector.ToArray())
        {
            if (value is null || value.GetValueKind() != System.Text.Json.JsonValueKind.String
                || name == "why") // for readers
            {
                continue;
            }

            string text = (string)value! is { Length: > 0 } some ? some : "00";
            JsonObject changed = vector.DeepClone().AsObject();
            changed[name] = text[0] == '0' ? '1' + text[1..] : '0' + text[1..];
            Assert.True(IsNoticed(Topic(fileName), changed), name);
        }
    }

    private static bool IsNoticed(IVectorTopic topic, JsonObject vector)
    {
        try
        {
            return topic.Differences(vector).Any();
        }
        catch (Exception exception) when (exception is E2EException or FormatException or ArgumentException)
        {
            return true;
        }
    }

    private static IVectorTopic Topic(string fileName) => WriteVectors.Topics.Single(topic => topic.FileName == fileName);
}
