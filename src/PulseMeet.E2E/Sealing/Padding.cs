namespace PulseMeet.E2E.Sealing;

/// <summary>Writes and takes off the padding: content, 0x80, zeros.</summary>
internal static class Padding
{
    private const byte Marker = 0x80;

    /// <summary>Fills <paramref name="padded"/>, whose length the scheme gave.</summary>
    public static void Write(ReadOnlySpan<byte> content, Span<byte> padded)
    {
        content.CopyTo(padded);
        padded[content.Length] = Marker;
        padded[(content.Length + 1)..].Clear();
    }

    /// <summary>The length of the content. Called on authentic bytes only, so that a refusal tells an attacker nothing.</summary>
    /// <exception cref="E2EException">There is no marker (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static int FindContentLength(ReadOnlySpan<byte> padded)
    {
        int marker = padded.LastIndexOfAnyExcept((byte)0);
        if (marker < 0 || padded[marker] != Marker)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The padding has no marker.");
        }

        return marker;
    }
}
