namespace PulseMeet.E2E.Media;

/// <summary>What was wrong with the name or the media type that a peer sent, before it was made safe, and whether the file is of
/// a kind that may be opened at all.</summary>
[Flags]
public enum MediaWarnings
{
    /// <summary>Nothing, and the file is of a type known to be passive: a raster image, sound, video or plain text.</summary>
    None = 0,

    /// <summary>The name had path parts; only the last was kept.</summary>
    PathRemoved = 1,

    /// <summary>The name had control characters, or characters that a file system refuses; they were replaced.</summary>
    ControlCharactersRemoved = 2,

    /// <summary>The name had characters that reorder or hide text, so that <c>gpj.exe</c> can look like <c>exe.jpg</c>; they were
    /// removed.</summary>
    BidirectionalOverrideRemoved = 4,

    /// <summary>The name is one that Windows keeps for a device, ended in a dot or space, or was empty after cleaning; it was
    /// changed.</summary>
    NameReplaced = 8,

    /// <summary>The media type is not of the form <c>type/subtype</c>; it was replaced by <c>application/octet-stream</c>.</summary>
    MediaTypeReplaced = 16,

    /// <summary>The name's extension does not fit the media type: what is shown as one thing would be run as another
    /// (CVE-2025-30401).</summary>
    ExtensionDoesNotFit = 32,

    /// <summary>The kind does not fit the media type.</summary>
    KindDoesNotFit = 64,

    /// <summary>The name's extension is one that operating systems are known to run. Not the measure of what is safe: that
    /// is <see cref="NotKnownPassive"/>, which stands beside it.</summary>
    ExecutableExtension = 128,

    /// <summary>The file is not of a type known to be passive: its extension or its media type is another one, or it has
    /// neither. Opening such a file may run it, run what is in it (macros, scripts, links), or fetch from elsewhere.</summary>
    NotKnownPassive = 256,
}
