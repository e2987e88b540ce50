using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>What a message says: text, a media file, or something about another message.</summary>
/// <remarks>Each kind is a class of its own, such as <see cref="TextContent"/>, made here. docs/protocol-messaging.md, "Content types".
/// A message that edits, deletes or reacts names another one: whether its sender may do that is for the app to decide, and it
/// keeps the target's sender for that. Immutable and thread-safe.</remarks>
public abstract class MessageContent
{
    private protected MessageContent()
    {
    }

    internal abstract ushort Type { get; }

    /// <summary>Plain text.</summary>
    /// <param name="text">Well-formed Unicode; at most 64 KiB in UTF-8.</param>
    /// <exception cref="ArgumentException">Empty, too long or not well-formed.</exception>
    public static MessageContent Text(string text) => new TextContent(text);

    /// <summary>A sealed media file, as a reference with its key, and what is written under it.</summary>
    /// <param name="media">The reference; copied, so the caller disposes its own.</param>
    /// <param name="caption">At most 16 KiB in UTF-8; may be empty.</param>
    /// <exception cref="ArgumentException">The caption is too long or not well-formed.</exception>
    public static MessageContent Media(MediaReference media, string caption = "") => new MediaContent(media, caption);

    /// <summary>That messages came to a device of the user, or were read.</summary>
    /// <param name="kind">Which of the two.</param>
    /// <param name="messages">1 to 1,000 ids.</param>
    /// <exception cref="ArgumentException">None, too many, or an unknown kind.</exception>
    public static MessageContent Receipt(ReceiptKind kind, IReadOnlyList<MessageId> messages) => new ReceiptContent(kind, messages);

    /// <summary>A reaction to a message; an empty one takes it back.</summary>
    /// <param name="target">The message.</param>
    /// <param name="reaction">At most 64 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">Too long or not well-formed.</exception>
    public static MessageContent Reaction(MessageId target, string reaction) => new ReactionContent(target, reaction);

    /// <summary>New text for an earlier message of one's own.</summary>
    /// <param name="target">The message.</param>
    /// <param name="text">As for <see cref="Text"/>.</param>
    /// <exception cref="ArgumentException">As for <see cref="Text"/>.</exception>
    public static MessageContent Edit(MessageId target, string text) => new EditContent(target, text);

    /// <summary>Asks to delete an earlier message of one's own; the sender's device forgets what it kept of it.</summary>
    /// <param name="target">The message.</param>
    public static MessageContent Deletion(MessageId target) => new DeletionContent(target);

    /// <summary>How long messages of the conversation are to be kept from now on; zero for as long as one likes.</summary>
    /// <param name="time">Whole seconds, 0 to ten years.</param>
    /// <exception cref="ArgumentException">Outside that.</exception>
    public static MessageContent DisappearingTime(TimeSpan time) => new DisappearingTimeContent(time);

    /// <summary>Something that the app defines.</summary>
    /// <param name="name">What it is: 1 to 127 bytes in UTF-8, such as a media type.</param>
    /// <param name="data">At most 160 KiB; copied.</param>
    /// <exception cref="ArgumentException">A length is outside its bounds.</exception>
    public static MessageContent App(string name, ReadOnlySpan<byte> data) => new AppContent(name, data);

    /// <summary>The body in the form of its type.</summary>
    internal abstract byte[] EncodeBody();

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.LimitExceeded"/>, or as for a media reference).</exception>
    internal static MessageContent Decode(ushort type, ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        try
        {
            MessageContent content = type switch
            {
                ContentType.Text => new TextContent(StrictUtf8.Decode(reader.ReadRest())),
                ContentType.Media => MediaContent.Read(ref reader),
                ContentType.Receipt => ReceiptContent.Read(ref reader),
                ContentType.Reaction => new ReactionContent(ReadId(ref reader), StrictUtf8.Decode(reader.ReadRest())),
                ContentType.Edit => new EditContent(ReadId(ref reader), StrictUtf8.Decode(reader.ReadRest())),
                ContentType.Deletion => new DeletionContent(ReadId(ref reader)),
                ContentType.DisappearingTime => new DisappearingTimeContent(TimeSpan.FromSeconds(reader.ReadUInt32())),
                ContentType.App => new AppContent(reader.ReadText16(), reader.ReadRest()),
                ContentType.ContactStanding => ContactStandingContent.Read(ref reader),
                _ => new UnknownContent(type, reader.ReadRest()),
            };
            reader.ExpectEnd();
            return content;
        }
        catch (ArgumentException)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The content is outside the bounds of its type.");
        }
    }

    private static MessageId ReadId(ref SpanReader reader) => new(reader.ReadBytes(MessageId.Size));
}
