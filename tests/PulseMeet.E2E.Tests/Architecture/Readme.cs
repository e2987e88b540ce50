using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Tests.Architecture;

/// <summary>The README shows code that compiles, and names tests that exist.</summary>
public sealed partial class Readme
{
    private static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));

    private static string Text => File.ReadAllText(Path.Combine(Root(), "README.md"));

    [Fact]
    public void The_quickstart_is_the_compiled_sample_to_the_letter()
    {
        string sample = File.ReadAllText(Path.Combine(Root(), "samples", "Readme", "Program.cs"));
        Match block = QuickstartBlock().Match(Text);
        Assert.True(block.Success);
        Assert.Equal(sample, block.Groups[1].Value);
    }

    [Fact]
    public void Every_test_class_that_the_documents_name_exists_and_has_tests()
    {
        foreach (string document in new[] { "README.md", Path.Combine("docs", "security-review.md") })
        {
            string[] named = [.. TestName().Matches(File.ReadAllText(Path.Combine(Root(), document))).Select(match => match.Groups[1].Value)];
            Assert.NotEmpty(named);
            foreach (string name in named)
            {
                string[] parts = name.Split('/', '.');
                Type? type = typeof(Readme).Assembly.GetType($"PulseMeet.E2E.Tests.{parts[0]}.{parts[1]}");
                Assert.True(type is not null, name);
                MethodInfo[] tests = [.. type!.GetMethods().Where(method => method.GetCustomAttributes<FactAttribute>().Any())];
                Assert.True(parts.Length == 2 ? tests.Length > 0 : tests.Any(test => test.Name == parts[2]), name);
            }
        }
    }

    [GeneratedRegex("<!-- quickstart -->\n```csharp\n(.*?)```\n", RegexOptions.Singleline)]
    private static partial Regex QuickstartBlock();

    [GeneratedRegex("`((?:Handshake|Ratchet|Derivation|Sealing|Legacy|Keys|Primitives|Vectors|Architecture|Media|Encoding|DependencyInjection)/[A-Za-z_0-9.]+)`")]
    private static partial Regex TestName();
}
