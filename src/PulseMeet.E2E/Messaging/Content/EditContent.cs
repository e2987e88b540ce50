using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>New text for an earlier message of the same sender.</summary>
public sealed class EditContent : MessageContent
{
    internal EditContent(MessageId target, string text)
    {
        Argument.IsText(text, TextContent.MaxSize);
        Target = target;
        NewText = text;
    }

    /// <summary>The message. The app checks that its sender is this one's.</summary>
    public MessageId Target { get; }

    /// <summary>The new text.</summary>
    public string NewText { get; }

    internal override ushort Type => ContentType.Edit;

    internal override byte[] EncodeBody() => [.. Target.ToArray(), .. StrictUtf8.Instance.GetBytes(NewText)];
}
