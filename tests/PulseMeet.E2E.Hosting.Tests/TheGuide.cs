using System.Reflection;
using System.Text.RegularExpressions;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>docs/guides/configuration.md has a row for every name, with a test that exists.</summary>
public sealed partial class TheGuide
{
    private static readonly string[] s_rows = [.. File.ReadLines("configuration.md").Where(line => Row().IsMatch(line))];

    [Fact]
    public void Every_name_has_a_row_and_every_row_is_a_name() =>
        Assert.Equal(ConfigurationNames.All.Order(), s_rows.Select(row => Code().Match(row).Groups[1].Value).Order());

    [Fact]
    public void Every_row_names_a_test_that_exists()
    {
        string[] tests =
        [
            .. typeof(TheGuide).Assembly.GetTypes().SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttributes<FactAttribute>().Any()).Select(method => method.Name),
        ];
        Assert.All(s_rows, row => Assert.Contains(Code().Matches(row.Split('|')[^2])[0].Groups[1].Value, tests));
    }

    /// <summary>The default and the bounds of the numbers are tried as the guide has them.</summary>
    [Fact]
    public void Every_range_and_default_of_a_number_is_the_one_that_is_read()
    {
        (string Name, int Min, int Max, int Default)[] numbers =
        [
            .. from row in s_rows
               let cells = row.Split('|')
               let range = Range().Match(cells[4])
               where range.Success && !cells[4].Contains("bytes", StringComparison.Ordinal)
               select (Code().Match(row).Groups[1].Value, Parse(range.Groups[1].Value), Parse(range.Groups[2].Value), Parse(cells[3])),
        ];
        Assert.Equal(3, numbers.Length);
        Assert.All(numbers, number =>
        {
            Assert.Equal(number.Name, Settings.Refused((number.Name, $"{number.Min - 1}")).Variable);
            Assert.Equal(number.Name, Settings.Refused((number.Name, $"{number.Max + 1}")).Variable);
            Assert.Equal(Read(number.Name, number.Default), Read(null, 0));
            _ = Read(number.Name, number.Min);
            _ = Read(number.Name, number.Max);
        });

        static int Parse(string text) =>
            int.Parse(text.Replace(",", string.Empty, StringComparison.Ordinal).Trim(), System.Globalization.CultureInfo.InvariantCulture);

        static (TimeSpan, int, TimeSpan) Read(string? name, int value)
        {
            E2EConfiguration read = E2EConfiguration.Read(name is null ? Settings.Of() : Settings.Of((name, $"{value}")));
            return (read.KeyRotationInterval, read.MigrationBatchSize, read.MigrationTimeout);
        }
    }

    /// <summary>A row of the table of names, and not of that of alerts.</summary>
    [GeneratedRegex("^\\| `[A-Z_]+` \\|")]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Za-z_0-9]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("([0-9,]+) to ([0-9,]+)")]
    private static partial Regex Range();
}
