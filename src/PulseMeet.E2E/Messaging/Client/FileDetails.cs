using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E;

/// <summary>What a file is called and what it is: sealed with it, and shown by the recipient after it was made safe.</summary>
/// <param name="FileName">At most 255 bytes in UTF-8; may be empty.</param>
/// <param name="MediaType">Such as "image/png": at most 127 bytes; may be empty.</param>
public sealed record FileDetails(string FileName, string MediaType)
{
    /// <summary>What it is shown as; follows from the media type unless it is set.</summary>
    public MediaKind Kind { get; init; } = MediaType switch
    {
        ['i', 'm', 'a', 'g', 'e', '/', ..] => MediaKind.Image,
        ['v', 'i', 'd', 'e', 'o', '/', ..] => MediaKind.Video,
        ['a', 'u', 'd', 'i', 'o', '/', ..] => MediaKind.Audio,
        _ => MediaKind.File,
    };

    /// <summary>In pixels; 0 where there is none.</summary>
    public uint Width { get; init; }

    /// <summary>In pixels; 0 where there is none.</summary>
    public uint Height { get; init; }

    /// <summary>Playing time in milliseconds; 0 where there is none.</summary>
    public ulong DurationMilliseconds { get; init; }

    /// <summary>A small picture: at most 64 KiB; may be empty.</summary>
    public ReadOnlyMemory<byte> Thumbnail { get; init; }

    /// <summary>What is written under it.</summary>
    public string Caption { get; init; } = string.Empty;

    /// <summary>What a media reference says of the file.</summary>
    internal MediaDescription Describe(string mediaId) => new(mediaId, Kind)
    {
        FileName = FileName,
        MediaType = MediaType,
        Width = Width,
        Height = Height,
        DurationMilliseconds = DurationMilliseconds,
        Thumbnail = Thumbnail,
    };

    /// <summary>Refuses what no message about a file can say, before anything is stored or sent.</summary>
    /// <exception cref="ArgumentException">A detail is null, outside its bounds, or not well-formed.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(FileName);
        ArgumentNullException.ThrowIfNull(MediaType);
        _ = StrictUtf8.Instance.GetByteCount(FileName);
        _ = StrictUtf8.Instance.GetByteCount(MediaType);
        MediaContent.CheckCaption(Caption);
        Describe("media").Validate();
    }
}
