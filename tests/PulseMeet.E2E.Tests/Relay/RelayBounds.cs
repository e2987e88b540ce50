using System.Globalization;
using System.Reflection;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Architecture;

namespace PulseMeet.E2E.Tests.Relay;

/// <summary>Whoever writes another relay finds the same bounds in docs/protocol-relay.md as in the code.</summary>
public sealed class RelayBounds
{
    [Fact]
    public void The_document_names_every_bound_with_its_value()
    {
        IEnumerable<string> rows = Sources.Lines("docs/protocol-relay.md")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal) && !line.Contains("RelayLimits", StringComparison.Ordinal))
            .Select(line => string.Join('|', line.Split('|')[1..3].Select(cell => cell.Trim())));
        IEnumerable<string> bounds = typeof(RelayLimits).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => $"`{field.Name}`|{Words(field.GetValue(null)!)}");
        Assert.Equal(bounds.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    private static string Words(object value) => value switch
    {
        TimeSpan time => time.TotalSeconds.ToString("N0", CultureInfo.InvariantCulture),
        double share => share.ToString(CultureInfo.InvariantCulture),
        IFormattable number => number.ToString("N0", CultureInfo.InvariantCulture),
        _ => throw new ArgumentException("Not a bound.", nameof(value)),
    };
}
