using System.Reflection;
using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The README shows code that compiles, and names tests that exist.</summary>
public sealed partial class Readme
{
    private static string Text => File.ReadAllText(Path.Combine(Sources.Repository(), "README.md"));

    [Fact]
    public void The_quickstart_is_the_compiled_sample_to_the_letter()
    {
        string sample = File.ReadAllText(Path.Combine(Sources.Repository(), "samples", "Readme", "Program.cs"));
        Match block = QuickstartBlock().Match(Text);
        Assert.True(block.Success);
        Assert.Equal(sample, block.Groups[1].Value);
    }

    [Fact]
    public void Every_promise_of_the_README_names_a_class_that_has_tests()
    {
        string[] named = [.. TestClass().Matches(Text).Select(match => match.Groups[1].Value)];
        Assert.True(named.Length > 15);
        Assert.All(named, name => Assert.NotEmpty(TestsOf(name.Split('/')[1])));
    }

    /// <summary>Glue is what names the library: its types, its registration, a call of the client or of its options. Directives and comments are none.</summary>
    [Fact]
    public void The_glue_of_the_chat_sample_is_as_long_as_the_README_says()
    {
        HashSet<string> types = [.. typeof(E2EClient).Assembly.GetExportedTypes().Select(type => type.Name)];
        string[] lines =
        [
            .. Directory.EnumerateFiles(Path.Combine(Sources.Repository(), "samples", "Chat"), "*.cs")
                .SelectMany(File.ReadLines)
                .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && !Directive().IsMatch(line)),
        ];
        string[] glue = [.. lines.Where(line => Call().IsMatch(line) || Identifier().Matches(line).Any(word => types.Contains(word.Value)))];
        int comparing = glue.Count(line => line.Contains("SafetyNumber", StringComparison.Ordinal) || line.Contains("SecureKeyExchange", StringComparison.Ordinal));
        Assert.Contains($"`samples/Chat` names the library in {glue.Length} lines", Text, StringComparison.Ordinal);
        Assert.Contains($"{comparing} of them are for comparing and for the self-check", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_test_that_the_security_review_names_exists()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Sources.Repository(), "docs", "security-review.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal))];
        Assert.True(rows.Length > 20);
        foreach (string tests in rows.Select(row => row.TrimEnd(' ', '|').Split('|')[^1]).Where(column => column.Contains('`', StringComparison.Ordinal)))
        {
            string className = string.Empty;
            foreach (Match name in TestName().Matches(tests))
            {
                className = name.Groups[1].Length > 0 ? name.Groups[1].Value : className;
                string[] existing = TestsOf(className);
                Assert.True(
                    name.Groups[2].Length == 0 ? existing.Length > 0 : existing.Contains(name.Groups[2].Value), name.Value);
            }
        }
    }

    /// <summary>The names of a test class's tests; none where there is no such class. Those of other test projects are read as text.</summary>
    private static string[] TestsOf(string className)
    {
        string[] own =
        [
            .. typeof(Readme).Assembly.GetTypes()
                .Where(type => type.Name == className)
                .SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttributes<FactAttribute>().Any())
                .Select(method => method.Name),
        ];
        return own.Length > 0 ? own :
        [
            .. Directory.EnumerateFiles(Path.Combine(Sources.Repository(), "tests"), $"{className}.cs", SearchOption.AllDirectories)
                .SelectMany(path => TestMethod().Matches(File.ReadAllText(path)))
                .Select(match => match.Groups[1].Value),
        ];
    }

    [GeneratedRegex(@"\[(?:Fact|Theory|Property)\b[^\n]*\n(?:\s+\[[^\n]*\n)*\s+public (?:[\w<>]+ )+(\w+)\(")]
    private static partial Regex TestMethod();

    [GeneratedRegex("<!-- quickstart -->\n```csharp\n(.*?)```\n", RegexOptions.Singleline)]
    private static partial Regex QuickstartBlock();

    [GeneratedRegex("^using [\\w.]+;$")]
    private static partial Regex Directive();

    [GeneratedRegex("\\bchat\\.|\\boptions\\.|\\.Use\\w+\\(|AddPulseMeetE2E")]
    private static partial Regex Call();

    [GeneratedRegex("\\w+")]
    private static partial Regex Identifier();

    [GeneratedRegex("`([A-Z][A-Za-z]*/[A-Z][A-Za-z0-9]+)`")]
    private static partial Regex TestClass();

    [GeneratedRegex("`([A-Za-z0-9]*)(?:\\.([A-Z][A-Za-z0-9_]*))?`")]
    private static partial Regex TestName();
}
