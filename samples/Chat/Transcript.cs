using System.Globalization;

namespace Chat;

/// <summary>A file of lines with rising numbers. A line that a kill cut short is dropped at the next start.</summary>
internal sealed class Transcript
{
    private readonly string _path;
    private long _last;

    public Transcript(string path)
    {
        _path = path;
        string text = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
        string whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
        {
            File.WriteAllText(path, whole);
        }

        if (whole.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., var line])
        {
            _last = long.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        }
    }

    public bool Has(long sequence) => sequence != 0 && sequence <= _last;

    public void Add(long sequence, string line)
    {
        File.AppendAllText(_path, $"{sequence.ToString(CultureInfo.InvariantCulture)} {line.ReplaceLineEndings(" ")}\n");
        _last = Math.Max(_last, sequence);
    }
}
