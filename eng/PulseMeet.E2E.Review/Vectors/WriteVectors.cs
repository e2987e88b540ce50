using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Writes docs/vectors, or checks what is there.</summary>
internal sealed class WriteVectors : ISubcommand
{
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static IReadOnlyList<IVectorTopic> Topics { get; } =
    [
        new DerivationVectors(),
        new IdentityVectors(),
        new HandshakeVectors(),
        new IdentityRefusals(),
        new RatchetVectors(),
        new SealingVectors(),
        new MediaVectors(),
        new MediaTreeVectors(),
        new MediaUploadVectors(),
        new MediaRefusals(),
        new VerificationVectors(),
        new MessagingVectors(),
        new HpkeVectors(),
        new SealedStateVectors(),
        new LegacyKeyVectors(),
        new LegacyFormatVectors(),
        new SignatureVectors(),
        new SealingRefusals(),
        new LinkingVectors(),
        new LinkingRefusals(),
        new StorageVectors(),
        new StoredSessionVectors(),
        new RatchetRefusals(),
        new GroupVectors(),
        new PulseVectors(),
    ];

    public string Name => "vectors";

    public string Usage => "vectors write|check DIR writes the test vectors of docs/vectors anew, or checks them";

    public int Run(string[] args)
    {
        if (args is not ["write" or "check", _])
        {
            Console.Error.WriteLine(Usage);
            return ExitCode.Usage;
        }

        int failed = 0;
        foreach (IVectorTopic topic in Topics)
        {
            string path = Path.Combine(args[1], topic.FileName);
            if (args[0] == "write")
            {
                Directory.CreateDirectory(args[1]);
                var file = new JsonObject { ["description"] = topic.Description, [topic.ArrayName] = topic.Write() };
                if (!topic.IsFresh || !File.Exists(path) || !Holds(topic, File.ReadAllText(path), file))
                {
                    File.WriteAllText(path, file.ToJsonString(s_indented) + "\n");
                }
            }

            Tally tally = Check(topic, File.ReadAllText(path));
            tally.Print();
            failed += tally.Failed;
        }

        return failed == 0 ? ExitCode.Passed : ExitCode.Failed;
    }

    /// <summary>Whether a file has the entries of another one, with other randomness, and each is still what the library computes.</summary>
    private static bool Holds(IVectorTopic topic, string json, JsonObject next)
    {
        JsonNode file = JsonNode.Parse(json)!;
        return (string?)file["description"] == topic.Description
            && file[topic.ArrayName] is JsonArray entries
            && Shape(entries).SequenceEqual(Shape(next[topic.ArrayName]!.AsArray()))
            && Check(topic, json).Failed == 0;
    }

    /// <summary>An entry's fields, and of them what is for readers.</summary>
    private static IEnumerable<string> Shape(JsonArray entries) => entries.Select(entry => string.Join(
        ' ', entry!.AsObject().Select(field => field.Key is "kind" or "why" or "what" or "decoder" or "reason" ? $"{field.Key}={field.Value}" : field.Key)));

    public static Tally Check(IVectorTopic topic, string json)
    {
        var tally = new Tally(topic.FileName);
        foreach (JsonNode? vector in JsonNode.Parse(json)![topic.ArrayName]!.AsArray())
        {
            List<string> differences = [.. topic.Differences(vector!.AsObject())];
            tally.Count(differences.Count == 0, () => string.Join(", ", differences));
        }

        return tally;
    }
}
