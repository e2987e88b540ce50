using System.Text.Json;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.Review.Legacy;

/// <summary>Checks a file of legacy fixtures: derivations byte for byte; messages and media opened by trying candidate keys,
/// without being told which one fits.</summary>
/// <remarks>The candidates of a message are all keys that can be derived from any entry of the file, and, as one pool, the
/// keys of all entries that are under a key which nobody can derive (random pulse keys, keys that the server held): the
/// file has those nowhere else. Which one fits is found by trying, and compared with the entry's only afterwards.</remarks>
internal sealed class VerifyLegacy : ISubcommand
{
    /// <summary>What the file calls the keys that are derived, and the candidates that they may be found under.</summary>
    private static readonly Dictionary<string, string> s_derivedNames = new(StringComparer.Ordinal)
    {
        ["v0"] = "v0_conversation_key",
        ["v1"] = "v1_conversation_key",
        ["v1_rotated"] = "v1_rotated_key",
        ["rotated"] = "v1_rotated_key",
        ["v1_pulse"] = "v1_pulse_key_of_alice",
        ["v1_media"] = "v1_media_key",
        [LegacyCandidate.ZeroKeyName] = LegacyCandidate.ZeroKeyName,
    };

    private static readonly string[] s_sections = ["derivation", "messages", "media"];

    public string Name => "verify-legacy";

    public string Usage => "verify-legacy FILE      checks derivations, messages and media of a legacy fixture file";

    public int Run(string[] args)
    {
        if (args.Length != 1)
        {
            Console.Error.WriteLine(Usage);
            return ExitCode.Usage;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(args[0]));
            return Check(new LegacyFile(document.RootElement));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            Console.Error.WriteLine($"Cannot read {args[0]}: {exception.Message}");
            return ExitCode.Failed;
        }
    }

    internal static int Check(LegacyFile file)
    {
        string[] empty = [.. s_sections.Where(section => file.Section(section).Count == 0)];
        if (empty.Length > 0)
        {
            Console.Error.WriteLine($"The file has no entry in {string.Join(", ", empty)}.");
            return ExitCode.Failed;
        }

        var derivations = new Tally("derivation");
        var messages = new Tally("messages");
        var media = new Tally("media");
        List<DerivationEntry?> entries = [.. file.Derivations.Select((entry, i) => Derive(entry, i, derivations))];
        List<LegacyCandidate> candidates = Candidates(file, entries);
        Each(file.Messages, messages, entry => CheckMessage(entry, candidates));
        Each(file.Media, media, entry => CheckMedia(entry, candidates));
        Tally[] tallies = [derivations, messages, media];
        foreach (Tally tally in tallies)
        {
            tally.Print();
        }

        entries.ForEach(entry => entry?.Dispose());
        return tallies.Sum(tally => tally.Failed) == 0 ? ExitCode.Passed : ExitCode.Failed;
    }

    private static DerivationEntry? Derive(JsonElement entry, int index, Tally tally)
    {
        DerivationEntry? derived = null;
        string fault = Guard(() =>
        {
            derived = new DerivationEntry(entry);
            return string.Join(", ", derived.Differences(entry));
        });
        tally.Count(fault.Length == 0, () => $"entry {index}: {fault}");
        return derived;
    }

    private static List<LegacyCandidate> Candidates(LegacyFile file, IEnumerable<DerivationEntry?> entries)
    {
        List<LegacyCandidate> candidates = [.. entries.OfType<DerivationEntry>().SelectMany(entry => entry.Candidates)];
        var pool = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonElement entry in file.Messages.Concat(file.Media))
        {
            if (entry.ValueKind == JsonValueKind.Object
                && LegacyFile.Has(entry, "key_name") && LegacyFile.Has(entry, "key")
                && !s_derivedNames.ContainsKey(LegacyFile.Text(entry, "key_name")))
            {
                pool.TryAdd(LegacyFile.Text(entry, "key"), LegacyFile.Text(entry, "key_name"));
            }
        }

        candidates.AddRange(pool.Select(key => new LegacyCandidate(key.Value, LegacyKey.Import(Convert.FromBase64String(key.Key)))));
        return candidates;
    }

    private static string CheckMessage(JsonElement entry, IReadOnlyList<LegacyCandidate> candidates)
    {
        string? metadata = LegacyFile.Has(entry, "encryption_metadata")
            ? ContentText(entry.GetProperty("encryption_metadata"))
            : null;
        LegacyMessage message = LegacyMessage.Parse(ContentText(entry.GetProperty("content")), metadata);
        LegacyPlaintext opened = message.Open(candidates);
        return (LegacyFile.Has(entry, "shape") && !LegacyFile.Text(entry, "shape").Equals(message.Shape.ToString(), StringComparison.OrdinalIgnoreCase)
                ? "another shape; " : string.Empty)
            + KeyFault(entry, opened.KeyName, opened.Protection, candidates)
            + (LegacyFile.Has(entry, "plaintext_json") && opened.Content != LegacyFile.Text(entry, "plaintext_json")
                ? "another plaintext; " : string.Empty)
            + (LegacyFile.Has(entry, "text") && opened.Text != LegacyFile.Text(entry, "text") ? "another text; " : string.Empty);
    }

    private static string CheckMedia(JsonElement entry, IReadOnlyList<LegacyCandidate> candidates)
    {
        byte[] file = System.Text.Encoding.UTF8.GetBytes(LegacyFile.Text(entry, "file_utf8"));
        LegacyMedia opened = LegacyMediaFile.Parse(file).Open(candidates);
        return KeyFault(entry, opened.KeyName, opened.Protection, candidates)
            + (opened.Content.Span.SequenceEqual(LegacyFile.Bytes(entry, "plaintext")) ? string.Empty : "another content; ");
    }

    /// <summary>Compares the key that fitted with the one that the file names.</summary>
    private static string KeyFault(
        JsonElement entry, string? keyName, LegacyProtection protection, IReadOnlyList<LegacyCandidate> candidates)
    {
        if (!LegacyFile.Has(entry, "key"))
        {
            return string.Empty;
        }

        using LegacyKey expected = LegacyKey.Import(LegacyFile.Bytes(entry, "key"));
        bool expectedZero = expected.FixedTimeEquals(LegacyKey.Import(new byte[LegacyKey.KeySize]));
        if (expectedZero || protection == LegacyProtection.ZeroKey)
        {
            return expectedZero && protection == LegacyProtection.ZeroKey && keyName == LegacyCandidate.ZeroKeyName
                ? string.Empty
                : "the all-zero key is not reported as such; ";
        }

        if (!candidates.Any(candidate => candidate.Name == keyName && candidate.Key.FixedTimeEquals(expected)))
        {
            return "another key; ";
        }

        return LegacyFile.Has(entry, "key_name")
            && s_derivedNames.TryGetValue(LegacyFile.Text(entry, "key_name"), out string? derivedName)
            && derivedName != keyName
                ? "the key has another name; "
                : string.Empty;
    }

    /// <summary>A JSON value as a text: what a column of type text or jsonb gives.</summary>
    private static string ContentText(JsonElement content) =>
        content.ValueKind == JsonValueKind.String ? content.GetString()! : content.GetRawText();

    private static void Each(IReadOnlyList<JsonElement> section, Tally tally, Func<JsonElement, string> check)
    {
        for (int i = 0; i < section.Count; i++)
        {
            string fault = Guard(() => check(section[i]));
            tally.Count(fault.Length == 0, () => $"entry {i}: {fault}");
        }
    }

    /// <summary>A malformed entry is a failure of that entry, not of the run.</summary>
    private static string Guard(Func<string> check)
    {
        try
        {
            return check();
        }
        catch (Exception exception) when (exception is E2EException or JsonException or FormatException or ArgumentException
            or KeyNotFoundException or InvalidOperationException or OverflowException)
        {
            return exception.Message;
        }
    }
}
