using System.Text.RegularExpressions;
using PulseMeet.E2E.Tests.Architecture;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>A guide whose code is that of a sample, which is compiled and run.</summary>
internal static partial class Snippets
{
    /// <summary>Every snippet of the guide is a region of the sample, and the other way round.</summary>
    public static void AssertAre(string guide, string sample)
    {
        string text = File.ReadAllText(Path.Combine(Sources.Repository(), "docs", "guides", guide));
        string[] regions =
        [
            .. Directory.EnumerateFiles(Path.Combine(Sources.Repository(), "samples", sample), "*.cs")
                .SelectMany(file => Region().Matches(File.ReadAllText(file)))
                .Select(match => Dedent(match.Groups[1].Value)).Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(regions);
        Assert.Equal(regions, Snippet().Matches(text).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private static string Dedent(string code)
    {
        string[] lines = code.Split('\n');
        int indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line));
    }

    [GeneratedRegex("^ *#region \\S+\n(.*?)^ *#endregion", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Region();

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Snippet();
}
