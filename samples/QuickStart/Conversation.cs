using System.Text;

namespace QuickStart;

/// <summary>One line of the conversation: who says what.</summary>
internal sealed record Line(string Speaker, string Text);

/// <summary>Reads a conversation from any UTF-8 text file: a line a message, blank lines passed over. «Alice:» or «Bob:» at
/// the beginning of a line names the speaker; the others take turns.</summary>
internal static class Conversation
{
    public static readonly string[] Speakers = ["Alice", "Bob"];

    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    public static IReadOnlyList<Line> Read(string path)
    {
        var lines = new List<Line>();
        foreach (string raw in File.ReadLines(path, s_strictUtf8))
        {
            string text = raw.Trim('\uFEFF', ' ', '\t', '\r');
            if (text.Length > 0)
            {
                lines.Add(Parse(text, lines.Count == 0 ? Speakers[1] : lines[^1].Speaker));
            }
        }

        return lines;
    }

    private static Line Parse(string text, string previous)
    {
        foreach (string speaker in Speakers)
        {
            if (text.StartsWith(speaker + ":", StringComparison.OrdinalIgnoreCase))
            {
                return new Line(speaker, text[(speaker.Length + 1)..].TrimStart());
            }
        }

        return new Line(previous == Speakers[0] ? Speakers[1] : Speakers[0], text);
    }
}
