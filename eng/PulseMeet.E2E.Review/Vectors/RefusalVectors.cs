using System.Text.Json.Nodes;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What a reader has to refuse, and with which reason.</summary>
internal abstract class RefusalVectors : IVectorTopic
{
    public abstract string FileName { get; }

    public abstract string Description { get; }

    public string ArrayName => "refusals";

    /// <summary>Each decoder by its name; it throws what it refuses with.</summary>
    protected abstract IReadOnlyDictionary<string, Action<byte[]>> Decoders { get; }

    protected abstract IEnumerable<Entry> Entries { get; }

    public JsonArray Write() =>
        [.. Entries.Select(Vector)];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        if (!Decoders.TryGetValue(Text(vector, "decoder"), out Action<byte[]>? decoder))
        {
            yield return "decoder";
        }
        else if (ReasonOf(decoder, Input(vector, "input")) != Text(vector, "reason"))
        {
            yield return "reason";
        }
    }

    private static JsonObject Vector(Entry entry)
    {
        var vector = new JsonObject { ["decoder"] = entry.Decoder, ["input"] = Hex(entry.Input) };
        if (entry.Zeros > 0)
        {
            vector["zeros"] = entry.Zeros;
        }

        vector["reason"] = entry.Reason.ToString();
        vector["why"] = entry.Why;
        return vector;
    }

    private static string ReasonOf(Action<byte[]> decoder, byte[] input)
    {
        try
        {
            decoder(input);
            return "accepted";
        }
        catch (E2EException exception)
        {
            return exception.Reason.ToString();
        }
    }

    /// <param name="Decoder">The decoder's name.</param>
    /// <param name="Input">What it is given.</param>
    /// <param name="Reason">What it refuses that with.</param>
    /// <param name="Why">What is wrong, for a reader.</param>
    /// <param name="Zeros">How many zero bytes stand behind the input.</param>
    protected sealed record Entry(string Decoder, byte[] Input, E2EError Reason, string Why, int Zeros = 0);
}
