using System.Buffers.Binary;
using System.Globalization;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>A safety number as words: ten for each half of 30 digits.</summary>
/// <remarks>A half is a number below 10^30, in 100 bits; ten bits of check follow (the first of SHA-256 over a label and the 30
/// digits), and the 110 bits are ten words of 11 bits, the highest first. docs/protocol-verification.md, "Words".</remarks>
internal static class SafetyWords
{
    public const int PerHalf = 10;

    private const int CheckBits = 10;
    private const int WordBits = 11;

    private static readonly UInt128 s_limit = UInt128.Parse("1" + new string('0', NumericFingerprint.Digits), CultureInfo.InvariantCulture);

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 safety words"u8;

    public static string Write(string digits) => string.Join(
        ' ', [.. Half(digits[..NumericFingerprint.Digits]), .. Half(digits[NumericFingerprint.Digits..])]);

    /// <exception cref="E2EException">One reason for each kind of mistake; see <see cref="SafetyNumber.ParseWords"/>.</exception>
    public static string Read(ReadOnlySpan<char> typed)
    {
        SafetyDigits.HasLength(typed);
        Span<int> numbers = stackalloc int[2 * PerHalf];
        int count = 0;
        for (int at = 0; at < typed.Length;)
        {
            int length = 0;
            while (at + length < typed.Length && !SafetyDigits.IsSpace(typed[at + length]))
            {
                length++;
            }

            if (length > 0)
            {
                int number = WordList.NumberOf(typed.Slice(at, length));
                if (number < 0)
                {
                    throw new E2EException(E2EError.SafetyNumberUnknownWord);
                }

                if (count == numbers.Length)
                {
                    throw new E2EException(E2EError.SafetyNumberLength);
                }

                numbers[count++] = number;
            }

            at += length + 1;
        }

        return count == numbers.Length
            ? ReadHalf(numbers[..PerHalf]) + ReadHalf(numbers[PerHalf..])
            : throw new E2EException(E2EError.SafetyNumberLength);
    }

    private static string[] Half(string digits)
    {
        UInt128 bits = (UInt128.Parse(digits, CultureInfo.InvariantCulture) << CheckBits) | Check(digits);
        string[] words = new string[PerHalf];
        for (int i = PerHalf - 1; i >= 0; i--)
        {
            words[i] = WordList.Word((int)(bits & (WordList.Count - 1)));
            bits >>= WordBits;
        }

        return words;
    }

    private static string ReadHalf(ReadOnlySpan<int> numbers)
    {
        UInt128 bits = 0;
        foreach (int number in numbers)
        {
            bits = (bits << WordBits) | (uint)number;
        }

        UInt128 value = bits >> CheckBits;
        string digits = value.ToString("D30", CultureInfo.InvariantCulture);
        return value < s_limit && Check(digits) == (uint)(bits & ((1 << CheckBits) - 1))
            ? digits
            : throw new E2EException(E2EError.SafetyNumberCheck);
    }

    private static uint Check(string digits)
    {
        byte[] hash = Sha256.Hash([.. Label, .. System.Text.Encoding.ASCII.GetBytes(digits)]);
        return (uint)BinaryPrimitives.ReadUInt16BigEndian(hash) >> (16 - CheckBits);
    }
}
