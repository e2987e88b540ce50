using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>A sealed media file: the reference that opens it, and what is written under it.</summary>
public sealed class MediaContent : MessageContent
{
    /// <summary>The longest caption, in bytes of UTF-8.</summary>
    public const int MaxCaptionSize = 16 * 1024;

    internal MediaContent(MediaReference media, string caption)
        : this(Copy(media), caption, isOwned: true)
    {
    }

    private MediaContent(MediaReference media, string caption, bool isOwned)
    {
        _ = isOwned;
        CheckCaption(caption);
        Reference = media;
        Caption = caption;
    }

    /// <summary>The reference, with the file's key. It is this content's own: whoever shows the message does not dispose it.</summary>
    public MediaReference Reference { get; }

    /// <summary>What is written under it; may be empty.</summary>
    public string Caption { get; }

    internal override ushort Type => ContentType.Media;

    /// <exception cref="ArgumentException">It is longer than its bound, or not well-formed.</exception>
    internal static void CheckCaption(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        if (caption.Length > 0)
        {
            Argument.IsText(caption, MaxCaptionSize);
        }
    }

    internal override byte[] EncodeBody()
    {
        int caption = StrictUtf8.Instance.GetByteCount(Caption);
        byte[] body = new byte[4 + Reference.EncodedSize + caption];
        var writer = new SpanWriter(body);
        writer.WriteUInt32((uint)Reference.EncodedSize);
        Reference.Encode(writer.Next(Reference.EncodedSize));
        StrictUtf8.Instance.GetBytes(Caption, writer.Next(caption));
        writer.ExpectFull();
        return body;
    }

    internal static MediaContent Read(ref SpanReader reader) => new(
        MediaReference.Decode(reader.ReadField32(MediaReference.MaxEncodedSize)), StrictUtf8.Decode(reader.ReadRest()), isOwned: true);

    private static MediaReference Copy(MediaReference media)
    {
        ArgumentNullException.ThrowIfNull(media);
        byte[] encoded = media.Encode();
        try
        {
            return MediaReference.Decode(encoded);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(encoded);
        }
    }
}
