using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>A reaction to a message.</summary>
public sealed class ReactionContent : MessageContent
{
    /// <summary>The longest reaction, in bytes of UTF-8.</summary>
    public const int MaxSize = 64;

    internal ReactionContent(MessageId target, string reaction)
    {
        ArgumentNullException.ThrowIfNull(reaction);
        if (reaction.Length > 0)
        {
            Argument.IsText(reaction, MaxSize);
        }

        Target = target;
        Reaction = reaction;
    }

    /// <summary>The message.</summary>
    public MessageId Target { get; }

    /// <summary>The reaction; empty where it is taken back.</summary>
    public new string Reaction { get; }

    internal override ushort Type => ContentType.Reaction;

    internal override byte[] EncodeBody() => [.. Target.ToArray(), .. StrictUtf8.Instance.GetBytes(Reaction)];
}
