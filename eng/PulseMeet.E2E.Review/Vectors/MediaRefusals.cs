using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What has to be refused of media references, checkpoints and sealed files, whole or in ranges.</summary>
internal sealed class MediaRefusals : IVectorTopic
{
    private readonly Lazy<Dictionary<string, JsonObject>> _cases = new(
        () => MediaRefusalCases.All().ToDictionary(vector => Text(vector, "what")));

    public string FileName => "refusals-media.json";

    public string ArrayName => "refusals";

    public string Description =>
        "Media that has to be refused, and why. «decoder» reads «input»: a reference, a checkpoint, or a sealed file under «reference», whose key "
        + "«key» is; a file whole, or the bytes of its content from «from» on. «good» is an input that the same decoder takes with all else the same.";

    public JsonArray Write() => [.. _cases.Value.Values.Select(vector => vector.DeepClone())];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        if (!_cases.Value.TryGetValue(Text(vector, "what"), out JsonObject? expected))
        {
            return ["what"];
        }

        return Compare(vector, expected)
            .Concat(RefusalOf(vector, "input") == Text(vector, "reason") ? [] : ["reason"])
            .Concat(vector["good"] is null || RefusalOf(vector, "good") == "" ? [] : ["good"]);
    }

    /// <summary>The reason with which the input is refused; empty where it is taken.</summary>
    private static string RefusalOf(JsonObject vector, string name)
    {
        byte[] input = Bytes(vector, name);
        return Text(vector, "decoder") switch
        {
            "media reference" => ReasonOf(() => MediaReference.Decode(input).Dispose()),
            "media checkpoint" => ReasonOf(() => MediaSealingCheckpoint.Decode(input)),
            "media file" => ReasonOfFile(vector, input),
            "media range" => ReasonOf(() => ReadRange(vector, input)),
            _ => throw new FormatException("An unknown decoder."),
        };
    }

    private static string ReasonOf(Action read)
    {
        try
        {
            read();
            return "";
        }
        catch (E2EException exception)
        {
            return exception.Reason.ToString();
        }
    }

    /// <summary>In memory, and as a stream that does not know its length: both refuse alike.</summary>
    private static string ReasonOfFile(JsonObject vector, byte[] input)
    {
        using MediaReference reference = Reference(vector);
        byte[] content = new byte[reference.Length];
        string inMemory = ReasonOf(() => MediaOpener.Open(reference, input, content));
        using var source = new Unseekable(input);
        string streamed = ReasonOf(() => MediaOpener.OpenStream(reference, source, Stream.Null));
        return inMemory == streamed ? inMemory : $"{inMemory} in memory, {streamed} as a stream";
    }

    private static MediaReference Reference(JsonObject vector)
    {
        MediaReference reference = MediaReference.Decode(Bytes(vector, "reference"));
        return Hex(reference.Key) == Text(vector, "key") ? reference : throw new FormatException("The key is not the reference's.");
    }

    private static void ReadRange(JsonObject vector, byte[] input)
    {
        using MediaReference reference = Reference(vector);
        using SealedMediaStream stream = SealedMediaStream.Open(reference, new MemoryStream(input));
        stream.Position = Number(vector, "from");
        while (stream.Read(new byte[1000]) > 0)
        {
        }
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
