namespace PulseMeet.E2E.Verification;

/// <summary>What two people read to each other during a call: seven emoji, or three numbers. If they are the same, nobody stands
/// between; else somebody does, and neither marks the other as verified.</summary>
/// <remarks>Somebody between guesses the emoji with a chance of 1 in 2^42 and the numbers with 1 in 2^39, once for each attempt, and each
/// failed attempt is seen. The emoji, their names and the form of both are those of the Matrix specification (Client-Server API,
/// "SAS method: emoji" and "SAS method: decimal"), for which translations exist. Immutable and thread-safe.</remarks>
public sealed class ShortAuthenticationString
{
    /// <summary>How many emoji, six bits each.</summary>
    public const int EmojiCount = 7;

    internal const int Size = 6;

    internal ShortAuthenticationString(ReadOnlySpan<byte> bits)
    {
        ulong all = 0;
        foreach (byte b in bits[..Size])
        {
            all = (all << 8) | b;
        }

        // The first 42 of 48 bits, and the first 39 of them: three numbers of 13 bits, each plus 1,000 so that all have four digits.
        Emoji = [.. Enumerable.Range(0, EmojiCount).Select(i => VerificationEmoji.Of((int)(all >> (48 - (6 * (i + 1)))) & 0x3F))];
        Decimals = [.. Enumerable.Range(0, 3).Select(i => 1000 + ((int)(all >> (48 - (13 * (i + 1)))) & 0x1FFF))];
    }

    /// <summary>Seven emoji with their English names.</summary>
    public IReadOnlyList<VerificationEmoji> Emoji { get; }

    /// <summary>Three numbers from 1,000 to 9,191.</summary>
    public IReadOnlyList<int> Decimals { get; }

    /// <summary>The numbers, with a dash between.</summary>
    public override string ToString() => string.Join('-', Decimals);
}
