using System.Reflection;
using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>The section of docs/security-review.md about MLS names tests that exist.</summary>
public sealed partial class SecurityReview
{
    [Fact]
    public void Every_test_that_the_security_review_names_exists()
    {
        string text = File.ReadAllText(Path.Combine(Repository(), "docs", "security-review.md"));
        int start = text.IndexOf("## Groups: MLS", StringComparison.Ordinal);
        string section = text[start..text.IndexOf("\n## ", start + 1, StringComparison.Ordinal)];
        Match[] names = [.. TestName().Matches(section).Cast<Match>()];
        Assert.True(names.Length > 25);
        foreach (Match name in names)
        {
            Type? promise = typeof(SecurityReview).Assembly.GetTypes().SingleOrDefault(type => type.Name == name.Groups[1].Value);
            Assert.True(promise is not null, name.Value);
            Assert.Contains(
                promise.GetMethods(),
                method => method.GetCustomAttributes<FactAttribute>().Any()
                    && (name.Groups[2].Length == 0 || method.Name == name.Groups[2].Value));
        }
    }

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PulseMeet.E2E.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+)(?:\\.([A-Z][A-Za-z0-9_]+))?`(?! beside)")]
    private static partial Regex TestName();
}
