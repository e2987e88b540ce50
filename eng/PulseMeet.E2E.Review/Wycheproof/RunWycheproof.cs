using System.Text.Json;
using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>Runs every primitive, by every backend, against the files of Project Wycheproof.</summary>
internal sealed partial class RunWycheproof : ISubcommand
{
    private static readonly string[] s_expected =
    [
        "x25519_test.json", "ed25519_test.json", "hkdf_sha256_test.json", "hmac_sha256_test.json", "aes_gcm_test.json",
        "mlkem_768_test.json",
    ];

    private static readonly Check[] s_checks =
        [.. CurveChecks.All, .. SymmetricChecks.All, .. HeldKeyChecks.All, .. MlKemChecks.All];

    public string Name => "wycheproof";

    public string Usage => "wycheproof DIR          runs every primitive's backends against Wycheproof's JSON files";

    public int Run(string[] args)
    {
        if (args.Length != 1 || !Directory.Exists(args[0]))
        {
            Console.Error.WriteLine(args.Length == 1 ? $"No directory {args[0]}." : Usage);
            return ExitCode.Usage;
        }

        List<string> paths = Find(args[0]);
        int passed = 0;
        int failed = 0;
        foreach (string path in paths)
        {
            (int p, int f) = RunFile(path);
            passed += p;
            failed += f;
        }

        foreach (string missing in s_expected.Except(paths.Select(path => Path.GetFileName(path)!)))
        {
            Console.WriteLine($"{missing,-52} not in the directory");
        }

        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? ExitCode.Passed : ExitCode.Failed;
    }

    /// <summary>The directory itself, or the repository's root: then the newer layout, and the older one where only that is
    /// there.</summary>
    private static List<string> Find(string directory)
    {
        string[] candidates = [directory, Path.Combine(directory, "testvectors_v1"), Path.Combine(directory, "testvectors")];
        return
        [
            .. candidates.Where(Directory.Exists)
                .Select(candidate => Directory.GetFiles(candidate, "*.json"))
                .FirstOrDefault(files => files.Any(IsOurs), [])
                .Where(IsOurs)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Recognised by the algorithm that the file names near its beginning, not by the file's name.</summary>
    private static bool IsOurs(string path)
    {
        const int head = 4096;
        using FileStream stream = File.OpenRead(path);
        byte[] beginning = new byte[Math.Min(head, stream.Length)];
        stream.ReadExactly(beginning);
        Match algorithm = Algorithm().Match(System.Text.Encoding.UTF8.GetString(beginning));
        return algorithm.Success && s_checks.Any(check => check.Algorithm == algorithm.Groups[1].Value);
    }

    [GeneratedRegex("\"algorithm\"\\s*:\\s*\"([^\"]+)\"")]
    private static partial Regex Algorithm();

    private static (int Passed, int Failed) RunFile(string path)
    {
        using var file = WycheproofFile.TryRead(path);
        if (file is null)
        {
            return (0, 1);
        }

        int passed = 0;
        int failed = 0;
        Check[] checks = [.. s_checks.Where(check => check.Algorithm == file.Algorithm)];
        foreach (string backend in checks.Select(check => check.Backend).Distinct())
        {
            var tally = new Tally($"{file.Name} ({backend})");
            if (checks.All(check => check.Backend != backend || check.Holds is null))
            {
                Console.WriteLine($"{file.Name + $" ({backend})",-52} this machine has no such backend");
                continue;
            }

            RunGroups(file, [.. checks.Where(check => check.Backend == backend)], tally);
            tally.Print();
            passed += tally.Passed;
            failed += tally.Failed;
        }

        if (checks.Length == 0)
        {
            Console.WriteLine($"{file.Name,-52} unknown algorithm «{file.Algorithm}»");
            failed++;
        }

        return (passed, failed);
    }

    private static void RunGroups(WycheproofFile file, Check[] checks, Tally tally)
    {
        foreach (JsonElement group in file.Groups)
        {
            JsonElement tests = group.GetProperty("tests");
            string type = WycheproofFile.Text(group, "type");
            Check? check = checks.FirstOrDefault(check => check.GroupTypes.Contains(type) && check.Fits(group));
            if (check?.Holds is null)
            {
                tally.Skip(tests.GetArrayLength(), $"{type}: other parameters, or a form of key that the library does not use");
                continue;
            }

            foreach (JsonElement test in tests.EnumerateArray())
            {
                var vector = new Vector(group, test);
                string fault = string.Empty;
                bool holds = false;
                try
                {
                    holds = check.Holds(vector);
                }
                catch (Exception exception)
                {
                    fault = exception.Message;
                }

                tally.Count(holds, () => $"tcId {vector.Id} ({vector.Result}) {fault}");
            }
        }
    }
}
