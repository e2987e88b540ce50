using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace PulseMeet.E2E.Legacy;

/// <summary>Decodes the base64 of a JSON string straight out of the JSON into its destination.</summary>
/// <remarks>RFC 4648, section 4, with white space passed over. A string with escapes (a writer may escape <c>+</c> and
/// <c>/</c>) goes through a buffer of a fixed size, so that none is ever in memory twice.</remarks>
internal static class LegacyBase64
{
    private const int BufferSize = 4096;
    private const int Quantum = 4;

    /// <summary>Decodes the string that the reader stands on.</summary>
    /// <param name="json">On a string that is one piece.</param>
    /// <param name="spare">Bytes left free behind the decoded ones.</param>
    /// <exception cref="E2EException">Not base64 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static Memory<byte> Decode(ref readonly Utf8JsonReader json, int spare)
    {
        ReadOnlySpan<byte> text = json.ValueSpan;
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length) + spare];
        Span<byte> room = decoded.AsSpan(0, decoded.Length - spare);
        int written;
        if (json.ValueIsEscaped)
        {
            written = DecodeEscaped(text, room);
        }
        else if (Base64.DecodeFromUtf8(text, room, out _, out written) != OperationStatus.Done)
        {
            throw Refused();
        }

        return decoded.AsMemory(0, written + spare);
    }

    private static int DecodeEscaped(ReadOnlySpan<byte> text, Span<byte> room)
    {
        Span<byte> buffer = stackalloc byte[BufferSize];
        int buffered = 0;
        int written = 0;
        while (text.Length > 0)
        {
            byte character = Next(ref text);
            if (character is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                continue;
            }

            if (buffered == buffer.Length)
            {
                // The last four stay: only they may hold the padding, and only if nothing follows.
                written += DecodePiece(buffer[..^Quantum], room[written..], isFinal: false);
                buffer[^Quantum..].CopyTo(buffer);
                buffered = Quantum;
            }

            buffer[buffered++] = character;
        }

        return written + DecodePiece(buffer[..buffered], room[written..], isFinal: true);
    }

    private static int DecodePiece(ReadOnlySpan<byte> piece, Span<byte> room, bool isFinal) =>
        Base64.DecodeFromUtf8(piece, room, out _, out int written, isFinal) == OperationStatus.Done ? written : throw Refused();

    /// <summary>The next character of a JSON string (RFC 8259, section 7), which the reader has found to be well-formed.</summary>
    private static byte Next(ref ReadOnlySpan<byte> text)
    {
        byte character = text[0];
        if (character != (byte)'\\')
        {
            text = text[1..];
            return character;
        }

        byte escape = text[1];
        if (escape != (byte)'u')
        {
            text = text[2..];
            return escape switch
            {
                (byte)'/' => escape,
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                _ => throw Refused(),
            };
        }

        Span<byte> unit = stackalloc byte[2];
        if (Convert.FromHexString(text.Slice(2, 4), unit, out _, out _) != OperationStatus.Done || unit[0] != 0)
        {
            throw Refused();
        }

        text = text[6..];
        return unit[1];
    }

    private static E2EException Refused() => LegacyJson.Malformed("Not base64.");
}
