namespace PulseMeet.E2E.Media;

/// <summary>What a media file is shown as; part of what is authenticated with every segment.</summary>
public enum MediaKind
{
    /// <summary>Any file that is not shown in place.</summary>
    File = 1,

    /// <summary>A picture.</summary>
    Image = 2,

    /// <summary>A video.</summary>
    Video = 3,

    /// <summary>A sound file or voice message.</summary>
    Audio = 4,
}
