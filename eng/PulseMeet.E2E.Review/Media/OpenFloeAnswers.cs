using System.Buffers.Binary;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Review.Media;

/// <summary>Opens every known-answer pair of the FLOE specification's folder <c>kats</c>: NAME_ct.txt and NAME_pt.txt, in
/// hexadecimal.</summary>
internal sealed class OpenFloeAnswers : ISubcommand
{
    private const string Ciphertext = "_ct.txt";
    private const string Plaintext = "_pt.txt";

    public string Name => "floe";

    public string Usage => "floe DIR                opens the FLOE specification's known answers (its folder kats)";

    public int Run(string[] args)
    {
        if (args.Length != 1 || !Directory.Exists(args[0]))
        {
            Console.Error.WriteLine($"  {Usage}");
            return ExitCode.Usage;
        }

        string[] names = [.. Directory.EnumerateFiles(args[0])
            .Select(path => Path.GetFileName(path)!)
            .Where(name => name.EndsWith(Ciphertext, StringComparison.Ordinal) || name.EndsWith(Plaintext, StringComparison.Ordinal))
            .Select(name => name[..^Ciphertext.Length])
            .Distinct()
            .Order(StringComparer.Ordinal)];
        var tally = new Tally("FLOE known answers");
        foreach (string name in names)
        {
            string reason = Check(args[0], name);
            tally.Count(reason.Length == 0, () => $"{name}: {reason}");
        }

        tally.Print();
        Console.WriteLine($"{tally.Passed} passed, {tally.Failed} failed");
        return tally.Failed == 0 && tally.Passed > 0 ? ExitCode.Passed : ExitCode.Failed;
    }

    private static string Check(string folder, string name)
    {
        try
        {
            byte[] file = Read(folder, name + Ciphertext);
            byte[] expected = Read(folder, name + Plaintext);
            if (file.Length < FloeParameters.HeaderSize)
            {
                return "shorter than a header";
            }

            FloeParameters parameters = ParametersOf(name, file);
            FloeLayout layout = FloeLayout.OfSealed(parameters, file.Length);
            using FloeState state = FloeState.Resume(
                new byte[32], parameters, "This is AAD"u8, file.AsSpan(0, FloeParameters.HeaderSize));
            byte[] content = new byte[layout.PlaintextLength];
            FloeSpan.Open(state, layout, file, content);
            return content.AsSpan().SequenceEqual(expected) ? string.Empty : "another plaintext";
        }
        catch (Exception failure) when (failure is E2EException or IOException or FormatException or ArgumentException)
        {
            return failure.Message;
        }
    }

    // The names end in the parameter set; a name that is not known leaves the header's own segment length.
    private static FloeParameters ParametersOf(string name, byte[] file)
    {
        if (name.EndsWith("_rotation", StringComparison.Ordinal))
        {
            return new FloeParameters(40, rotationBits: 2);
        }

        int segmentLength = name switch
        {
            _ when name.EndsWith("_1M", StringComparison.Ordinal) => 1024 * 1024,
            _ when name.EndsWith("_4K", StringComparison.Ordinal) => 4096,
            _ when name.EndsWith("_64", StringComparison.Ordinal) => 64,
            _ when name.Contains("_lastSeg", StringComparison.Ordinal) => 40,
            _ => BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(2)),
        };
        return new FloeParameters(segmentLength);
    }

    private static byte[] Read(string folder, string name) =>
        Convert.FromHexString(File.ReadAllText(Path.Combine(folder, name)).Trim());
}
