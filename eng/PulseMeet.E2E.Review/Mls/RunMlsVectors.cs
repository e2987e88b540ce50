using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>Runs the official vectors of mlswg/mls-implementations, in the forms of its test-vectors.md.</summary>
internal sealed class RunMlsVectors : ISubcommand
{
    private static readonly Dictionary<string, Func<JsonElement, MlsSuite, bool>> s_kinds = new(StringComparer.Ordinal)
    {
        ["tree-math"] = TreeVectors.TreeMathHolds,
        ["crypto-basics"] = KeyVectors.CryptoBasicsHold,
        ["deserialization"] = MessageVectors.DeserializationHolds,
        ["key-schedule"] = KeyVectors.KeyScheduleHolds,
        ["psk_secret"] = KeyVectors.PskSecretHolds,
        ["secret-tree"] = KeyVectors.SecretTreeHolds,
        ["transcript-hashes"] = KeyVectors.TranscriptHashesHold,
        ["messages"] = MessageVectors.MessagesHold,
        ["tree-validation"] = TreeVectors.TreeValidationHolds,
        ["treekem"] = TreeKemVectors.TreeKemHolds,
        ["message-protection"] = MessageVectors.MessageProtectionHolds,
        ["welcome"] = MessageVectors.WelcomeHolds,
        ["tree-operations"] = TreeVectors.TreeOperationsHold,
        ["passive-client-welcome"] = PassiveClient.Follows,
        ["passive-client-handling-commit"] = PassiveClient.Follows,
        ["passive-client-random"] = PassiveClient.Follows,
    };

    public string Name => "mls-vectors";

    public string Usage => "mls-vectors DIR         runs the official MLS vectors of the supported suites";

    public int Run(string[] args)
    {
        if (args.Length != 1 || !Directory.Exists(args[0]))
        {
            Console.Error.WriteLine(args.Length == 1 ? $"No directory {args[0]}." : Usage);
            return ExitCode.Usage;
        }

        int passed = 0;
        int failed = 0;
        foreach (string path in Directory.GetFiles(args[0], "*.json").Order(StringComparer.Ordinal))
        {
            Tally tally = RunFile(path);
            tally.Print();
            passed += tally.Passed;
            failed += tally.Failed;
        }

        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? ExitCode.Passed : ExitCode.Failed;
    }

    internal static Tally RunFile(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        string kind = Path.GetFileNameWithoutExtension(path);
        var tally = new Tally(Path.GetFileName(path));
        if (!s_kinds.TryGetValue(kind, out Func<JsonElement, MlsSuite, bool>? check))
        {
            tally.Skip(document.RootElement.GetArrayLength(), "this kind of vector has no check here yet");
            return tally;
        }

        int index = 0;
        foreach (JsonElement entry in document.RootElement.EnumerateArray())
        {
            int number = index++;
            ushort id = entry.TryGetProperty("cipher_suite", out JsonElement suite) ? suite.GetUInt16() : (ushort)1;
            if (MlsSuite.Find(id) is not { } found)
            {
                tally.Skip(1, $"suite {id} is not one of this library's");
                continue;
            }

            try
            {
                tally.Count(check(entry, found), () => $"entry {number}: another result");
            }
            catch (Exception exception) when (exception is E2EException or InvalidOperationException or ArgumentException)
            {
                tally.Count(false, () => $"entry {number}: {exception.Message}");
            }
        }

        return tally;
    }
}

/// <summary>Access to a vector's fields.</summary>
internal static class VectorFields
{
    public static byte[] Bytes(this JsonElement entry, string name) => Convert.FromHexString(entry.GetProperty(name).GetString()!);

    public static string Text(this JsonElement entry, string name) => entry.GetProperty(name).GetString()!;

    public static MlsSecret Secret(this JsonElement entry, string name) => MlsSecret.CopyOf(entry.Bytes(name));

    public static bool Is(this JsonElement entry, string name, ReadOnlySpan<byte> value) => value.SequenceEqual(entry.Bytes(name));

    public static bool Is(this JsonElement entry, string name, MlsSecret value) => entry.Is(name, value.Reveal());
}
