using System.Collections.Frozen;

namespace PulseMeet.E2E.Verification;

/// <summary>The 2,048 English words of BIP-39, 11 bits each; no two begin with the same four letters.</summary>
/// <remarks>The list is data of its authors under the MIT licence: THIRD-PARTY-NOTICES.md.</remarks>
internal static class WordList
{
    public const int Count = 2048;

    private static readonly Lazy<string[]> s_words = new(Load);

    private static readonly Lazy<FrozenDictionary<string, int>> s_numbers = new(() => s_words.Value
        .Select((word, number) => KeyValuePair.Create(word, number))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase));

    public static string Word(int number) => s_words.Value[number];

    /// <summary>The number of a word in either case; -1 where it is not on the list.</summary>
    public static int NumberOf(ReadOnlySpan<char> word) =>
        s_numbers.Value.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int number) ? number : -1;

    private static string[] Load()
    {
        using Stream stream = typeof(WordList).Assembly.GetManifestResourceStream("PulseMeet.E2E.Verification.english.txt")
            ?? throw new InvalidOperationException("The word list is not in the assembly.");
        using var reader = new StreamReader(stream);
        string[] words = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == Count ? words : throw new InvalidOperationException("The word list is not whole.");
    }
}
