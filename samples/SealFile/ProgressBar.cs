namespace SealFile;

/// <summary>A bar on standard error, drawn anew with each percent.</summary>
internal sealed class ProgressBar(long total) : IProgress<long>, IDisposable
{
    private const int Width = 40;

    private int _shown = -1;

    public void Report(long value)
    {
        int percent = total == 0 ? 100 : (int)(value * 100.0 / total);
        if (percent == _shown)
        {
            return;
        }

        _shown = percent;
        int full = percent * Width / 100;
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', Width - full)}] {percent,3} %");
    }

    public void Dispose()
    {
        if (_shown >= 0)
        {
            Console.Error.WriteLine();
        }
    }
}
