using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E;

/// <summary>Something that matters now or not at all, such as that somebody is typing: not stored, not repeated.</summary>
/// <remarks>Immutable; compared by its name.</remarks>
public sealed record Signal
{
    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxSize = 127;

    /// <param name="name">1 to 127 bytes in UTF-8; names that begin with "pulsemeet." are this library's.</param>
    /// <exception cref="ArgumentException">Empty, too long or not well-formed.</exception>
    public Signal(string name)
    {
        Argument.IsText(name, MaxSize);
        Name = name;
    }

    /// <summary>The user is typing.</summary>
    public static Signal Typing { get; } = new("pulsemeet.typing");

    /// <summary>The user has stopped typing.</summary>
    public static Signal StoppedTyping { get; } = new("pulsemeet.stopped");

    /// <summary>What it says.</summary>
    public string Name { get; }

    internal byte[] Encode() => StrictUtf8.Instance.GetBytes(Name);

    /// <exception cref="E2EException">Empty, too long or not UTF-8 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    internal static Signal Decode(ReadOnlySpan<byte> body)
    {
        if (body.Length is 0 or > MaxSize)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A signal's name is empty or too long.");
        }

        return new Signal(StrictUtf8.Decode(body));
    }
}
