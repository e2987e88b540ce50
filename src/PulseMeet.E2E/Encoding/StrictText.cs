namespace PulseMeet.E2E.Encoding;

/// <summary>Base64 and hexadecimal of a fixed number of bytes, in the one canonical spelling: no white space, full
/// padding, no stray bits.</summary>
internal static class StrictText
{
    /// <exception cref="E2EException">Not base64 of exactly that many bytes (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static void DecodeBase64(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int expected = (bytes.Length + 2) / 3 * 4;
        Span<char> canonical = expected <= 256 ? stackalloc char[expected] : new char[expected];
        if (text.Length != expected
            || !Convert.TryFromBase64Chars(text, bytes, out int written)
            || written != bytes.Length
            || !Convert.TryToBase64Chars(bytes, canonical, out _)
            || !text.Equals(canonical, StringComparison.Ordinal))
        {
            bytes.Clear();
            throw new E2EException(E2EError.InvalidEncoding, "Not base64 of the expected length.");
        }
    }

    /// <exception cref="E2EException">Not hexadecimal of exactly that many bytes (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static void DecodeHex(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length != bytes.Length * 2
            || Convert.FromHexString(text, bytes, out _, out int written) != System.Buffers.OperationStatus.Done
            || written != bytes.Length)
        {
            bytes.Clear();
            throw new E2EException(E2EError.InvalidEncoding, "Not hexadecimal of the expected length.");
        }
    }
}
