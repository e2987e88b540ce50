namespace PulseMeet.E2E.Media;

/// <summary>Checks a media type's form (RFC 6838, section 4.2), whether a file's extension and kind fit it, and whether both are
/// known to be passive.</summary>
internal static class MediaTypes
{
    public const string Unknown = "application/octet-stream";

    private static readonly Dictionary<string, string[]> s_types = new(StringComparer.Ordinal)
    {
        ["jpg"] = ["image/jpeg"], ["jpeg"] = ["image/jpeg"], ["png"] = ["image/png", "image/apng"], ["apng"] = ["image/apng"],
        ["gif"] = ["image/gif"], ["webp"] = ["image/webp"], ["heic"] = ["image/heic", "image/heif"], ["heif"] = ["image/heif"],
        ["avif"] = ["image/avif"], ["bmp"] = ["image/bmp"], ["tif"] = ["image/tiff"], ["tiff"] = ["image/tiff"],
        ["svg"] = ["image/svg+xml"],
        ["mp4"] = ["video/mp4", "audio/mp4"], ["m4v"] = ["video/mp4", "video/x-m4v"], ["mov"] = ["video/quicktime"],
        ["webm"] = ["video/webm", "audio/webm"], ["mkv"] = ["video/x-matroska", "video/matroska"], ["3gp"] = ["video/3gpp", "audio/3gpp"],
        ["avi"] = ["video/x-msvideo", "video/avi"], ["mpg"] = ["video/mpeg"], ["mpeg"] = ["video/mpeg"],
        ["mp3"] = ["audio/mpeg"], ["m4a"] = ["audio/mp4", "audio/x-m4a"], ["aac"] = ["audio/aac"],
        ["ogg"] = ["audio/ogg", "video/ogg"], ["oga"] = ["audio/ogg"], ["ogv"] = ["video/ogg"], ["opus"] = ["audio/ogg", "audio/opus"],
        ["wav"] = ["audio/wav", "audio/x-wav", "audio/vnd.wave"], ["flac"] = ["audio/flac"],
        ["pdf"] = ["application/pdf"], ["txt"] = ["text/plain"], ["csv"] = ["text/csv"], ["md"] = ["text/markdown"],
        ["html"] = ["text/html"], ["htm"] = ["text/html"], ["json"] = ["application/json"], ["zip"] = ["application/zip"],
        ["gz"] = ["application/gzip"], ["doc"] = ["application/msword"], ["xls"] = ["application/vnd.ms-excel"],
        ["docx"] = ["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
        ["xlsx"] = ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
        ["pptx"] = ["application/vnd.openxmlformats-officedocument.presentationml.presentation"],
    };

    /// <summary>What is only ever shown or played. Not here, though harmless in many apps: SVG and HTML (scripts), PDF (scripts,
    /// links), office documents (macros, remote templates), CSV (formulas), Markdown (HTML), archives (anything).</summary>
    private static readonly HashSet<string> s_passive = new(StringComparer.Ordinal)
    {
        "jpg", "jpeg", "png", "apng", "gif", "webp", "heic", "heif", "avif", "bmp", "tif", "tiff",
        "mp4", "m4v", "mov", "webm", "mkv", "3gp", "avi", "mpg", "mpeg",
        "mp3", "m4a", "aac", "ogg", "oga", "ogv", "opus", "wav", "flac", "txt",
    };

    private static readonly HashSet<string> s_passiveTypes =
        s_passive.SelectMany(extension => s_types[extension]).ToHashSet(StringComparer.Ordinal);

    /// <summary>For a stronger word to the user; what is missing here is still not known to be passive.</summary>
    private static readonly HashSet<string> s_executable = new(StringComparer.Ordinal)
    {
        "exe", "com", "bat", "cmd", "msi", "msix", "scr", "pif", "cpl", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "lnk",
        "url", "reg", "jar", "py", "pyz", "pyzw", "php", "sh", "command", "app", "dmg", "pkg", "apk", "desktop", "appimage", "deb",
        "rpm", "dll", "inf", "chm", "scf", "library-ms", "application", "iso", "img", "vhd", "vhdx", "msc", "msp", "mst", "jnlp", "xll",
        "xlam", "docm", "dotm", "xlsm", "xltm", "pptm", "potm", "ppam", "ppsm", "sldm", "settingcontent-ms", "search-ms",
        "searchconnector-ms", "appref-ms", "appinstaller", "appx", "msixbundle", "appxbundle", "diagcab", "theme", "themepack",
        "inetloc", "fileloc", "webloc", "mobileconfig", "terminal", "workflow", "action", "scpt", "scptd", "applescript",
        "wsc", "sct", "ws", "psm1", "psd1", "ps1xml", "psc1", "gadget", "hlp", "cab", "sys", "ocx", "drv", "rdp", "vb", "pyc",
        "rb", "pl", "bash", "zsh", "csh", "ksh", "fish", "run", "bin", "out", "mpkg", "xpi", "crx", "ipa", "aab", "snap", "flatpakref",
    };

    public static (string MediaType, MediaWarnings Warnings) Sanitize(string mediaType)
    {
        if (mediaType.Length == 0)
        {
            return (Unknown, MediaWarnings.None);
        }

        string[] parts = mediaType.Split('/');
        bool valid = mediaType.Length <= MediaDescription.MaxMediaTypeSize
            && parts.Length == 2 && parts.All(IsRestrictedName);
        return valid ? (mediaType.ToLowerInvariant(), MediaWarnings.None) : (Unknown, MediaWarnings.MediaTypeReplaced);
    }

    /// <param name="name">Sanitised.</param>
    /// <param name="mediaType">Sanitised.</param>
    /// <param name="kind">As sent.</param>
    public static MediaWarnings Compare(string name, string mediaType, MediaKind kind)
    {
        var warnings = MediaWarnings.None;
        string extension = MediaName.ExtensionOf(name);
        bool known = s_types.TryGetValue(extension, out string[]? types);
        if (s_executable.Contains(extension))
        {
            warnings |= MediaWarnings.ExecutableExtension;
        }

        if (!IsPassive(extension, mediaType))
        {
            warnings |= MediaWarnings.NotKnownPassive;
        }

        // An unknown extension fits an unknown type, but never one that an app shows in place or trusts.
        bool fits = extension.Length == 0
            || mediaType == Unknown
            || (known ? types!.Contains(mediaType, StringComparer.Ordinal) : !IsShown(mediaType) && !IsKnown(mediaType));
        if (!fits)
        {
            warnings |= MediaWarnings.ExtensionDoesNotFit;
        }

        string? expected = kind switch
        {
            MediaKind.Image => "image/",
            MediaKind.Video => "video/",
            MediaKind.Audio => "audio/",
            _ => null,
        };
        if (expected is not null)
        {
            // Where the type is not given, the extension has to speak for the kind.
            bool kindFits = mediaType == Unknown
                ? extension.Length == 0 || (known && types!.Any(type => type.StartsWith(expected, StringComparison.Ordinal)))
                : mediaType.StartsWith(expected, StringComparison.Ordinal);
            warnings |= kindFits ? MediaWarnings.None : MediaWarnings.KindDoesNotFit;
        }

        return warnings;
    }

    /// <summary>Whether what is known of a file is passive; of a file of which nothing is known, nothing is.</summary>
    private static bool IsPassive(string extension, string mediaType)
    {
        bool untyped = mediaType == Unknown;
        return extension.Length == 0
            ? s_passiveTypes.Contains(mediaType)
            : s_passive.Contains(extension) && (untyped || s_passiveTypes.Contains(mediaType));
    }

    private static bool IsShown(string mediaType) =>
        mediaType.StartsWith("image/", StringComparison.Ordinal)
        || mediaType.StartsWith("video/", StringComparison.Ordinal)
        || mediaType.StartsWith("audio/", StringComparison.Ordinal)
        || mediaType.StartsWith("text/", StringComparison.Ordinal);

    private static bool IsKnown(string mediaType) =>
        s_types.Values.Any(types => types.Contains(mediaType, StringComparer.Ordinal));

    private static bool IsRestrictedName(string part) =>
        part.Length > 0
        && char.IsAsciiLetterOrDigit(part[0])
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '!' or '#' or '$' or '&' or '-' or '^' or '_' or '.' or '+');
}
