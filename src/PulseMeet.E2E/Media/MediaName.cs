using System.Globalization;
using System.Text;

namespace PulseMeet.E2E.Media;

/// <summary>Makes a file name from a peer safe to show and to write: no path, no control or bidirectional-override character, no
/// device name.</summary>
internal static class MediaName
{
    private const string Replacement = "file";
    private const string Refused = "<>:\"|?*";
    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    public static (string Name, MediaWarnings Warnings) Sanitize(string name)
    {
        if (name.Length == 0)
        {
            return (string.Empty, MediaWarnings.None);
        }

        var warnings = MediaWarnings.None;
        int slash = name.AsSpan().LastIndexOfAny('/', '\\', ':');
        if (slash >= 0)
        {
            name = name[(slash + 1)..];
            warnings |= MediaWarnings.PathRemoved;
        }

        var clean = new StringBuilder(name.Length);
        foreach (Rune rune in name.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                // Format characters hold every bidirectional control and every invisible one.
                case UnicodeCategory.Format:
                    warnings |= MediaWarnings.BidirectionalOverrideRemoved;
                    break;
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                case UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate:
                    clean.Append('_');
                    warnings |= MediaWarnings.ControlCharactersRemoved;
                    break;
                default:
                    bool refused = rune.IsAscii && Refused.Contains((char)rune.Value, StringComparison.Ordinal);
                    warnings |= refused ? MediaWarnings.ControlCharactersRemoved : MediaWarnings.None;
                    clean.Append(refused ? "_" : rune.ToString());
                    break;
            }
        }

        string safe = clean.ToString().Trim().TrimEnd('.', ' ');
        if (IsDevice(safe))
        {
            safe = "_" + safe;
        }

        if (safe.Length == 0)
        {
            safe = Replacement;
        }

        // Cleaning only removes, or replaces one for one; whatever else differs was replaced here.
        bool replaced = safe != clean.ToString();
        return (Shorten(safe), replaced ? warnings | MediaWarnings.NameReplaced : warnings);
    }

    /// <summary>The part behind the last dot, in lower case; empty if there is none.</summary>
    public static string ExtensionOf(string name)
    {
        int dot = name.LastIndexOf('.');
        return dot < 0 ? string.Empty : name[(dot + 1)..].ToLowerInvariant();
    }

    // Keeps the extension: a name that is cut there would become another type.
    private static string Shorten(string name)
    {
        string extension = Path.GetExtension(name);
        if (Encoding.StrictUtf8.Instance.GetByteCount(extension) > 32)
        {
            extension = string.Empty;
        }

        string stem = name[..(name.Length - extension.Length)];
        while (stem.Length > 0
            && Encoding.StrictUtf8.Instance.GetByteCount(stem + extension) > MediaDescription.MaxFileNameSize)
        {
            stem = stem[..^(stem.Length > 1 && char.IsLowSurrogate(stem[^1]) ? 2 : 1)];
        }

        return stem + extension;
    }

    private static bool IsDevice(string name)
    {
        string stem = name.Split('.')[0].TrimEnd();
        bool numbered = stem.Length == 4 && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00B9' or '\u00B2' or '\u00B3');
        return numbered
            ? stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase)
            : s_devices.Contains(stem, StringComparer.OrdinalIgnoreCase);
    }
}
