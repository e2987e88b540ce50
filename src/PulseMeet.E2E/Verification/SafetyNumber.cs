using System.Runtime.InteropServices;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E;

/// <summary>The 60 digits that two people compare, to know that nobody stands between them. Both see the same.</summary>
/// <remarks>Over both account keys and stable user ids: a new device changes nothing, a new account key changes half of it. The two
/// halves (<see cref="NumericFingerprint"/>) stand in the order of their digits. docs/protocol-verification.md, "Safety number".
/// Immutable and thread-safe. Not a secret.</remarks>
/// <example><code>
/// SafetyNumber number = SafetyNumber.Of(new AccountIdentity("alice", aliceKey), new AccountIdentity("bob", bobKey));
/// bool same = number.Equals(SafetyNumber.Parse(typed));
/// </code></example>
public sealed class SafetyNumber : IEquatable<SafetyNumber>
{
    /// <summary>The number of digits.</summary>
    public const int DigitCount = 2 * NumericFingerprint.Digits;

    /// <summary>The number of words of the other form.</summary>
    public const int WordCount = 2 * SafetyWords.PerHalf;

    private SafetyNumber(string digits) => Digits = digits;

    /// <summary>The 60 digits without spaces.</summary>
    public string Digits { get; }

    /// <summary>Computes the number of two accounts: the same in either order.</summary>
    /// <param name="own">One account.</param>
    /// <param name="peer">The other account.</param>
    /// <exception cref="ArgumentException">Both are the same user.</exception>
    /// <remarks>10,400 SHA-512: some milliseconds; see benchmarks/README.md.</remarks>
    public static SafetyNumber Of(AccountIdentity own, AccountIdentity peer)
    {
        AccountIdentity.AreTwo(own, peer);
        return FromHalves(
            NumericFingerprint.ToDigits(NumericFingerprint.Of(own)), NumericFingerprint.ToDigits(NumericFingerprint.Of(peer)));
    }

    /// <summary>Reads what somebody typed: 60 digits from 0 to 9, with or without white space between the groups of five.</summary>
    /// <param name="typed">At most 1,024 characters.</param>
    /// <exception cref="E2EException">Not 60 digits (<see cref="E2EError.SafetyNumberLength"/>), digits of another script
    /// (<see cref="E2EError.SafetyNumberForeignDigit"/>), another character (<see cref="E2EError.SafetyNumberCharacter"/>), or white
    /// space within a group (<see cref="E2EError.SafetyNumberSpacing"/>).</exception>
    public static SafetyNumber Parse(ReadOnlySpan<char> typed) => new(SafetyDigits.Read(typed));

    /// <summary>Reads the words that <see cref="ToWords"/> gave, in either case, with white space between them.</summary>
    /// <param name="typed">At most 1,024 characters.</param>
    /// <exception cref="E2EException">Not 20 words (<see cref="E2EError.SafetyNumberLength"/>), a word that is not on the list
    /// (<see cref="E2EError.SafetyNumberUnknownWord"/>), or words of the list in another order or with one exchanged
    /// (<see cref="E2EError.SafetyNumberCheck"/>).</exception>
    public static SafetyNumber ParseWords(ReadOnlySpan<char> typed) => new(SafetyWords.Read(typed));

    /// <summary>The number as 20 English words, for reading aloud: the same number, with ten bits of check in each half.</summary>
    /// <remarks>The word list of BIP-39.</remarks>
    public string ToWords() => SafetyWords.Write(Digits);

    /// <summary>Twelve groups of five digits, with a space between.</summary>
    public override string ToString() => string.Join(' ', Digits.Chunk(5).Select(group => new string(group)));

    /// <summary>Whether both are the same number, in a time that does not depend on where they differ.</summary>
    /// <param name="other">The number to compare with.</param>
    public bool Equals(SafetyNumber? other) => other is not null && ConstantTime.AreEqual(
        MemoryMarshal.AsBytes(Digits.AsSpan()), MemoryMarshal.AsBytes(other.Digits.AsSpan()));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SafetyNumber);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(Digits, StringComparison.Ordinal);

    internal static SafetyNumber FromHalves(string first, string second) =>
        new(string.CompareOrdinal(first, second) <= 0 ? first + second : second + first);
}
