using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E;

/// <summary>Names a pulse chat for everybody in it: 32 random bytes, drawn by its creator.</summary>
/// <remarks>docs/protocol-groups.md, "Pulse chats in the client". Immutable and thread-safe.</remarks>
public readonly record struct PulseId
{
    /// <summary>Length in bytes.</summary>
    public const int Size = Sha256.Size;

    private readonly string? _text;

    /// <param name="bytes">32 bytes, as <see cref="ToArray"/> gave them.</param>
    /// <exception cref="ArgumentException">Another length.</exception>
    public PulseId(ReadOnlySpan<byte> bytes)
    {
        Argument.HasLength(bytes, Size);
        _text = Convert.ToHexStringLower(bytes);
    }

    private PulseId(string text) => _text = text;

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray() => _text is null ? new byte[Size] : Convert.FromHexString(_text);

    /// <summary>64 hexadecimal digits, lower case.</summary>
    public override string ToString() => _text ?? new string('0', 2 * Size);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">64 hexadecimal digits.</param>
    /// <exception cref="E2EException">Anything else (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static PulseId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 2 * Size && text.All(char.IsAsciiHexDigit)
            ? new PulseId(text.ToLowerInvariant())
            : throw new E2EException(E2EError.InvalidEncoding, "Not the id of a pulse chat.");
    }

    /// <summary>An id as a relay gives it; null where it is none of a pulse chat.</summary>
    internal static PulseId? Find(ReadOnlySpan<byte> groupId) => groupId.Length == Size ? new PulseId(groupId) : null;
}
