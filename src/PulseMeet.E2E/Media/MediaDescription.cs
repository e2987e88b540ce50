namespace PulseMeet.E2E.Media;

/// <summary>What the sender says about a media file. Immutable.</summary>
/// <remarks>The id and the kind are authenticated with every segment; the rest travels in the reference, and is authentic as the
/// message is that carries it.</remarks>
public sealed record MediaDescription
{
    /// <summary>The longest media id, in bytes of UTF-8.</summary>
    public const int MaxIdSize = 255;

    /// <summary>The longest file name, in bytes of UTF-8.</summary>
    public const int MaxFileNameSize = 255;

    /// <summary>The longest media type, in bytes.</summary>
    public const int MaxMediaTypeSize = 127;

    /// <summary>The largest thumbnail, in bytes.</summary>
    public const int MaxThumbnailSize = 65536;

    /// <param name="mediaId">1 to 255 bytes in UTF-8.</param>
    /// <param name="kind">What the file is shown as.</param>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The kind is not a defined one.</exception>
    public MediaDescription(string mediaId, MediaKind kind)
    {
        Argument.IsText(mediaId, MaxIdSize);
        if (kind is < MediaKind.File or > MediaKind.Audio)
        {
            throw new ArgumentOutOfRangeException(nameof(kind));
        }

        MediaId = mediaId;
        Kind = kind;
    }

    /// <summary>The file's id, unique in its conversation.</summary>
    public string MediaId { get; }

    /// <summary>What the file is shown as.</summary>
    public MediaKind Kind { get; }

    /// <summary>The file's name; only its last path part is sent. Empty if it has none.</summary>
    public string FileName { get; init; } = string.Empty;

    /// <summary>Such as <c>image/png</c>. Empty if it is not known.</summary>
    public string MediaType { get; init; } = string.Empty;

    /// <summary>In pixels; 0 if not known.</summary>
    public uint Width { get; init; }

    /// <summary>In pixels; 0 if not known.</summary>
    public uint Height { get; init; }

    /// <summary>Playing time in milliseconds; 0 if not known.</summary>
    public ulong DurationMilliseconds { get; init; }

    /// <summary>A small picture, at most 65,536 bytes; empty if there is none.</summary>
    public ReadOnlyMemory<byte> Thumbnail { get; init; }

    internal void Validate()
    {
        if (Thumbnail.Length > MaxThumbnailSize)
        {
            throw new ArgumentException($"The thumbnail has more than {MaxThumbnailSize} bytes.");
        }
    }
}
