using FsCheck.Xunit;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>What two people compare: the same on both sides, another one for anything else, and every mistyped form named.</summary>
public sealed class SafetyNumbers
{
    private static readonly SafetyNumber s_number = SafetyNumber.Of(Accounts.Alice, Accounts.Bob);

    /// <summary>The number that is published for Signal's numeric fingerprint, version 0, over two keys of 33 bytes and two phone
    /// numbers.</summary>
    [Fact]
    public void The_construction_gives_the_published_number_for_the_published_inputs()
    {
        byte[] alice = Convert.FromHexString("0506863BC66D02B40D27B8D49CA7C09E9239236F9D7D25D6FCCA5CE13C7064D868");
        byte[] bob = Convert.FromHexString("05F781B6FB32FED9BA1CF2DE978D4D5DA28DC34046AE814402B5C0DBD96FDA907B");
        string first = NumericFingerprint.ToDigits(NumericFingerprint.Compute(0, alice, "+14152222222"u8));
        string second = NumericFingerprint.ToDigits(NumericFingerprint.Compute(0, bob, "+14153333333"u8));
        Assert.Equal("300354477692869396892869876765458257569162576843440918079131", SafetyNumber.FromHalves(first, second).Digits);
        Assert.Equal("300354477692869396892869876765458257569162576843440918079131", SafetyNumber.FromHalves(second, first).Digits);
    }

    [Property(MaxTest = 100)]
    public bool Both_people_see_the_same_number_whoever_asks(ushort first, ushort second)
    {
        var one = Accounts.Of($"user {first}", first);
        var other = Accounts.Of($"person {second}", second);
        return SafetyNumber.Of(one, other).Equals(SafetyNumber.Of(other, one));
    }

    [Fact]
    public void It_is_twelve_groups_of_five_digits_and_the_same_every_time()
    {
        Assert.Matches("^([0-9]{5} ){11}[0-9]{5}$", s_number.ToString());
        Assert.Equal(s_number, SafetyNumber.Of(Accounts.Alice, Accounts.Bob));
        Assert.Equal(s_number.GetHashCode(), SafetyNumber.Of(Accounts.Bob, Accounts.Alice).GetHashCode());
    }

    [Fact]
    public void Another_key_or_another_id_on_either_side_gives_another_number()
    {
        AccountIdentity[] others = [Accounts.Of("alice", 3), Accounts.Of("Alice", 1), Accounts.Of("alice ", 1), Accounts.Of("alic", 1)];
        Assert.All(others, other => Assert.NotEqual(s_number, SafetyNumber.Of(other, Accounts.Bob)));
        Assert.NotEqual(s_number, SafetyNumber.Of(Accounts.Of("alice", 2), Accounts.Of("bob", 1)));
    }

    /// <summary>Keys and ids, also ids that are one another's beginnings: no half twice among them, so no two pairs alike.</summary>
    [Fact]
    public void No_two_of_a_thousand_accounts_have_one_half()
    {
        AccountIdentity[] accounts =
        [
            .. from key in Enumerable.Range(0, 40)
               from length in Enumerable.Range(1, 25)
               select Accounts.Of(new string('a', length), key),
        ];
        string[] halves = new string[accounts.Length];
        Parallel.For(0, accounts.Length, i => halves[i] = NumericFingerprint.ToDigits(NumericFingerprint.Of(accounts[i])));
        Assert.Equal(1000, halves.Distinct().Count());
    }

    [Fact]
    public void Nobody_has_a_number_with_oneself() =>
        Assert.Throws<ArgumentException>(() => SafetyNumber.Of(Accounts.Alice, Accounts.Of("alice", 3)));

    [Fact]
    public void What_is_typed_with_without_and_with_copied_spaces_is_the_number()
    {
        string digits = s_number.Digits;
        string[] typed =
        [
            digits, s_number.ToString(), $"  {s_number}\r\n", s_number.ToString().Replace(" ", "\u00A0", StringComparison.Ordinal),
            s_number.ToString().Replace(" ", "\n", StringComparison.Ordinal), digits[..20] + "\n" + digits[20..40] + "\n" + digits[40..],
        ];
        Assert.All(typed, text => Assert.Equal(s_number, SafetyNumber.Parse(text)));
    }

    [Fact]
    public void A_wrong_digit_is_read_and_does_not_match()
    {
        for (int i = 0; i < SafetyNumber.DigitCount; i++)
        {
            char[] digits = s_number.Digits.ToCharArray();
            digits[i] = (char)('0' + ((digits[i] - '0' + 1) % 10));
            Assert.NotEqual(s_number, SafetyNumber.Parse(digits));
        }
    }

    [Theory]
    [InlineData("", E2EError.SafetyNumberLength)]
    [InlineData("12345", E2EError.SafetyNumberLength)]
    [InlineData("٠١٢٣٤", E2EError.SafetyNumberForeignDigit)]
    [InlineData("１２３４５", E2EError.SafetyNumberForeignDigit)]
    [InlineData("०१२३४", E2EError.SafetyNumberForeignDigit)]
    [InlineData("1234O", E2EError.SafetyNumberCharacter)]
    [InlineData("12345-12345", E2EError.SafetyNumberCharacter)]
    [InlineData("12345\u200B12345", E2EError.SafetyNumberCharacter)]
    [InlineData("12345\u202E12345", E2EError.SafetyNumberCharacter)]
    [InlineData("12345\uD83512345", E2EError.SafetyNumberCharacter)]
    [InlineData("12345\u200312345", E2EError.SafetyNumberCharacter)]
    [InlineData("+12345", E2EError.SafetyNumberCharacter)]
    [InlineData("123 45", E2EError.SafetyNumberSpacing)]
    [InlineData("1234 512345", E2EError.SafetyNumberSpacing)]
    public void Every_mistyped_form_has_its_reason(string typed, E2EError reason) =>
        Assert.Equal(reason, Refusal.Of(() => SafetyNumber.Parse(typed)));

    [Fact]
    public void A_digit_too_few_or_too_many_and_an_endless_text_are_refused_for_their_length()
    {
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.Parse(s_number.Digits.AsSpan(1))));
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.Parse(s_number.Digits + "0")));
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.Parse(new string(' ', 100_000))));
        Assert.Equal(E2EError.SafetyNumberLength, Refusal.Of(() => SafetyNumber.ParseWords(new string(' ', 100_000))));
    }

    [Property(MaxTest = 1000)]
    public bool Arbitrary_text_is_a_number_or_has_a_reason(string? text) =>
        Refusal.IsDocumented(() => SafetyNumber.Parse(text)) && Refusal.IsDocumented(() => SafetyNumber.ParseWords(text));
}
