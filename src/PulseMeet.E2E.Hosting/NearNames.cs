namespace PulseMeet.E2E.Hosting;

/// <summary>Finds names that were misspelt: a variable that nobody reads is a setting that silently does nothing.</summary>
internal static class NearNames
{
    /// <summary>How many letters may be wrong, missing or too many.</summary>
    private const int MaxDistance = 2;

    /// <summary>The known name that a name was probably meant to be; null where it is none of this library's.</summary>
    public static string? MeantBy(string name) => ConfigurationNames.All.FirstOrDefault(known => Distance(name.ToUpperInvariant().Replace('-', '_'), known) <= MaxDistance);

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > MaxDistance)
        {
            return int.MaxValue;
        }

        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int exchanged = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(exchanged, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
