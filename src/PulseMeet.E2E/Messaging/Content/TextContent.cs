using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>Plain text.</summary>
public sealed class TextContent : MessageContent
{
    /// <summary>The longest text, in bytes of UTF-8: 64 KiB. What is longer goes as media.</summary>
    public const int MaxSize = 64 * 1024;

    internal TextContent(string text)
    {
        Argument.IsText(text, MaxSize);
        Value = text;
    }

    /// <summary>The text.</summary>
    public string Value { get; }

    internal override ushort Type => ContentType.Text;

    internal override byte[] EncodeBody() => StrictUtf8.Instance.GetBytes(Value);
}
