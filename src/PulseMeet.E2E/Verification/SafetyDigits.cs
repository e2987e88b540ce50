namespace PulseMeet.E2E.Verification;

/// <summary>Reads the digits of a safety number as people type and paste them.</summary>
internal static class SafetyDigits
{
    /// <summary>The longest text that is looked at, in characters.</summary>
    public const int MaxLength = 1024;

    private const int Group = 5;

    /// <exception cref="E2EException">One reason for each kind of mistake; see <see cref="SafetyNumber.Parse"/>.</exception>
    public static string Read(ReadOnlySpan<char> typed)
    {
        HasLength(typed);
        Span<char> digits = stackalloc char[SafetyNumber.DigitCount];
        int count = 0;
        bool isSpaced = false;
        foreach (char c in typed)
        {
            if (IsSpace(c))
            {
                isSpaced = true;
                continue;
            }

            if (!char.IsAsciiDigit(c))
            {
                throw new E2EException(IsForeignDigit(c) ? E2EError.SafetyNumberForeignDigit : E2EError.SafetyNumberCharacter);
            }

            if (isSpaced && count % Group != 0)
            {
                throw new E2EException(E2EError.SafetyNumberSpacing);
            }

            if (count == digits.Length)
            {
                throw new E2EException(E2EError.SafetyNumberLength);
            }

            digits[count++] = c;
            isSpaced = false;
        }

        return count == digits.Length ? new string(digits) : throw new E2EException(E2EError.SafetyNumberLength);
    }

    /// <exception cref="E2EException">Too long to be read (<see cref="E2EError.SafetyNumberLength"/>).</exception>
    public static void HasLength(ReadOnlySpan<char> typed)
    {
        if (typed.Length > MaxLength)
        {
            throw new E2EException(E2EError.SafetyNumberLength);
        }
    }

    /// <summary>Space, no-break space, tab and line ends: what comes along when the number is copied off a screen.</summary>
    public static bool IsSpace(char c) => c is ' ' or '\u00A0' or '\t' or '\r' or '\n';

    /// <summary>Digits of every script, full-width ones too. Mathematical ones come as surrogates, which are digits of no
    /// keyboard.</summary>
    private static bool IsForeignDigit(char c) => char.IsDigit(c);
}
