using FsCheck.Xunit;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>The same number as words that can be read aloud.</summary>
public sealed class SafetyNumbersInWords
{
    private static readonly SafetyNumber s_number = SafetyNumber.Of(Accounts.Alice, Accounts.Bob);

    [Property(MaxTest = 500)]
    public bool Words_and_digits_are_one_number(ulong a, ulong b, ulong c, uint d)
    {
        string digits = $"{a % 1_000_000_000_000_000:D15}{b % 1_000_000_000_000_000:D15}{c % 1_000_000_000_000_000:D15}{d:D15}";
        SafetyNumber number = SafetyNumber.Parse(digits);
        return SafetyNumber.ParseWords(number.ToWords()).Equals(number);
    }

    [Fact]
    public void The_smallest_and_the_greatest_number_have_words()
    {
        Assert.All(new[] { '0', '9' }, digit =>
        {
            SafetyNumber number = SafetyNumber.Parse(new string(digit, SafetyNumber.DigitCount));
            Assert.Equal(SafetyNumber.WordCount, number.ToWords().Split(' ').Length);
            Assert.Equal(number, SafetyNumber.ParseWords(number.ToWords()));
        });
    }

    [Fact]
    public void Either_case_and_any_white_space_between_words_is_read()
    {
        string words = s_number.ToWords();
        Assert.Equal(s_number, SafetyNumber.ParseWords(words.ToUpperInvariant()));
        Assert.Equal(s_number, SafetyNumber.ParseWords("\t" + words.Replace(" ", " \r\n", StringComparison.Ordinal) + " "));
    }

    [Fact]
    public void Words_that_are_not_on_the_list_are_too_few_or_too_many_have_their_reason()
    {
        string[] words = s_number.ToWords().Split(' ');
        Assert.Equal(E2EError.SafetyNumberUnknownWord, Refusal.Of(() => SafetyNumber.ParseWords(Replaced(words, 3, "pulsemeet"))));
        Assert.Equal(E2EError.SafetyNumberUnknownWord, Refusal.Of(() => SafetyNumber.ParseWords(Replaced(words, 3, "zoо")))); // A Cyrillic o.
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.ParseWords(string.Join(' ', words[1..]))));
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.ParseWords(string.Join(' ', [.. words, "zoo"]))));
    }

    /// <summary>An exchanged word is another number with a chance of 1 in 1,024, and matches nothing even then.</summary>
    [Fact]
    public void No_exchanged_word_gives_the_number_and_nearly_all_are_named()
    {
        string[] words = s_number.ToWords().Split(' ');
        int named = 0;
        int tried = 0;
        foreach (int at in Enumerable.Range(0, words.Length))
        {
            foreach (int number in Enumerable.Range(0, 100).Select(i => i * 20).Where(i => WordList.Word(i) != words[at]))
            {
                tried++;
                try
                {
                    Assert.NotEqual(s_number, SafetyNumber.ParseWords(Replaced(words, at, WordList.Word(number))));
                }
                catch (E2EException refused)
                {
                    Assert.Equal(E2EError.SafetyNumberCheck, refused.Reason);
                    named++;
                }
            }
        }

        Assert.InRange(named, tried - 20, tried);
    }

    [Fact]
    public void The_word_list_is_the_published_one()
    {
        string list = string.Concat(Enumerable.Range(0, WordList.Count).Select(i => WordList.Word(i) + "\n"));
        Assert.Equal(
            "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda",
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(list))));
    }

    private static string Replaced(string[] words, int at, string word) =>
        string.Join(' ', [.. words[..at], word, .. words[(at + 1)..]]);
}
